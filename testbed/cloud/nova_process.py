"""One process that runs all Nova services and Placement.

usage: python -m testbed.cloud.nova_process STATE NOVA_FD
       PLACEMENT_FD [NEUTRON_FD] CONTROLLER HOST[,HOST...] [--fresh]
"""

import gc
import os
import sys
import traceback


def main() -> None:
    """Prepare what must precede any import of Nova, then start it."""
    # Garbage collection frees nothing while thousands of modules load.
    gc.disable()
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")  # native threads
    from testbed.cloud import nova_services

    path, *fds, controller, hosts = [
        argument for argument in sys.argv[1:] if argument != "--fresh"
    ]
    use_cache = "--fresh" not in sys.argv
    sys.argv[1:] = []  # Nova and Placement also parse it
    nova_services.run(
        path, [int(fd) for fd in fds], controller, hosts.split(","), use_cache
    )


if __name__ == "__main__":
    try:
        main()
    except BaseException as exc:
        # Threads of services that already started would keep the useless
        # process alive.
        if isinstance(exc, SystemExit):
            print(exc, file=sys.stderr)
        else:
            traceback.print_exc()
        os._exit(1)
