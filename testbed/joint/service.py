"""One process of the control plane.

Each is Nova's own service, in a separate process as in production.

usage: python -m testbed.joint.service NAME STATE [FD]
"""

import importlib
import os
import sys

from testbed.cloud import serving
from testbed.cloud.state import State

#: later files override earlier ones
FILES = ("nova.conf", "joint.conf")


def _configure(state: State):
    """Let Nova read its files; return its module `config`."""
    from nova import config, objects
    from oslo_log import log as logging

    files = [f"--config-file={state.conf / name}" for name in FILES]
    config.parse_args(["nova", *files])
    logging.setup(config.CONF, "nova")
    objects.register_all()
    return config


def _serve(module: str, fd: int) -> None:
    serving.serve(importlib.import_module(module).application, fd)


def _nova_api(state: State, fd: int) -> None:
    # The first file is the paste file.
    names = ("nova-paste.ini", *FILES)
    os.environ["OS_NOVA_CONFIG_FILES"] = ";".join(names)
    os.environ["OS_NOVA_CONFIG_DIR"] = str(state.conf)
    _serve("nova.wsgi.osapi_compute", fd)


def _placement(state: State, fd: int) -> None:
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(state.conf)
    _serve("placement.wsgi.api", fd)


def _neutron(state: State, fd: int) -> None:
    _serve("testbed.cloud.neutron_stub", fd)


def _worker(state: State, binary: str) -> None:
    """Run nova-conductor or nova-scheduler, without forking workers."""
    config = _configure(state)
    from nova import service
    from oslo_service import opts

    opts.register_service_opts(config.CONF)
    kind = binary.removeprefix("nova-")
    rpcapi = importlib.import_module(f"nova.{kind}.rpcapi")
    started = service.Service.create(binary=binary, topic=rpcapi.RPC_TOPIC)
    started.start()
    started.wait()


_SERVED = {
    "nova-api": _nova_api,
    "placement": _placement,
    "neutron": _neutron,
}


def main() -> None:
    """Prepare what must precede any import of Nova, then start it."""
    name, path, *fds = sys.argv[1:]
    sys.argv[1:] = []  # the services parse it too
    state = State(path)
    if name.startswith("nova"):
        from nova import monkey_patch

        monkey_patch.patch(backend="threading")
    if name in _SERVED:
        _SERVED[name](state, int(fds[0]))
    else:
        _worker(state, name)


if __name__ == "__main__":
    main()
