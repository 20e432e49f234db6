"""One process that holds all of Nova, and Placement.

usage: python -m testbed.cloud.nova_process STATE NOVA_FD
       PLACEMENT_FD [NEUTRON_FD] CONTROLLER HOST[,HOST...] [--fresh]
"""

import gc
import os
import sys
import traceback


def main() -> None:
    """Do what must come before any import of Nova, then start it."""
    # Collecting garbage while thousands of modules load frees nothing.
    gc.disable()
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")  # native threads
    from testbed.cloud import nova_services

    path, *fds, controller, hosts = [
        argument for argument in sys.argv[1:] if argument != "--fresh"
    ]
    use_cache = "--fresh" not in sys.argv
    sys.argv[1:] = []  # Nova and Placement parse it too
    nova_services.run(
        path, [int(fd) for fd in fds], controller, hosts.split(","), use_cache
    )


if __name__ == "__main__":
    try:
        main()
    except BaseException as exc:
        # The threads of the services already started would keep a process
        # alive that can never be of use.
        if isinstance(exc, SystemExit):
            print(exc, file=sys.stderr)
        else:
            traceback.print_exc()
        os._exit(1)
