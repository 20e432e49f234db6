"""Nova's services in one process: API, conductor, scheduler, computes.

They are the real services. They communicate through Nova's own RPC layer
(transport fake://, queues in memory) and over real HTTP.  One process instead
of seven saves 130 MB and two seconds of imports for each of them.
"""

import gc
import os
import pathlib

import nova.conf
import nova.virt
import os_vif
from nova import config, objects, service
from nova import context as nova_context
from nova.api.openstack import wsgi_app
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler_rpcapi
from oslo_log import log as logging
from oslo_service import opts as service_opts
from paste import deploy

from testbed.cloud import (
    databases,
    host_identity,
    neutron_stub,
    nova_schema,
    serving,
    silence,
    sqlite_locks,
)
from testbed.cloud.control import Control
from testbed.cloud.state import State
from testbed.cloud.virt import knobs

CONF = nova.conf.CONF
_API = "osapi_compute"


def _configure(state: State) -> None:
    """Read nova.conf and make the virt driver importable."""
    # Nova only loads drivers from the package nova.virt.
    nova.virt.__path__.append(str(pathlib.Path(__file__).parent / "virt"))
    knobs.register(CONF, Control(state.path))
    config.parse_args(
        [
            "nova",
            "--config-file",
            str(state.conf / "nova-paste.ini"),
            "--config-file",
            str(state.conf / "nova.conf"),
        ]
    )
    logging.setup(CONF, "nova")
    service_opts.register_service_opts(CONF)
    objects.register_all()
    os_vif.initialize()


def _node_identity(state: State) -> None:
    """Allow a compute to start a second time.

    Nova then requires a file with the identity of the machine's only node.
    Our driver derives the identity of each host's node from its name, so
    that any identity in the file works.
    """
    path = state.db / "compute_id"
    if not path.exists():
        path.write_text("c0ffee00-0000-4000-8000-000000000002")


def _placement(state: State, fd: int) -> None:
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(state.conf)
    from placement.wsgi import api

    serving.serve_in_thread(api.application, fd)
    # Placement has just reconfigured the root logger; undo that.
    logging.setup(CONF, "nova")


def _start(binary: str, topic: str, host: str, **options) -> service.Service:
    with host_identity.working_for(host):
        started = service.Service.create(
            binary=binary, topic=topic, host=host, **options
        )
        started.start()
    return started


def run(
    path: str,
    fds: list[int],
    controller: str,
    hosts: list[str],
    use_cache: bool,
) -> None:
    """Start everything; serve the API last, when all other services are up.

    :param fds: listening sockets for Nova, Placement and the stub of
        Neutron, unless Neutron runs as another process
    """
    nova_fd, placement_fd, *stub_fds = fds
    state = State(path)
    sqlite_locks.install()
    _configure(state)

    def build():
        nova_schema.build(state.conf / "placement.conf")
        nova_schema.copy_cell0(state.db)

    databases.ensure(state.db, nova_schema.DATABASES, build, use_cache)
    nova_schema.set_connections(state)
    host_identity.install(CONF)
    silence.install(Control(state.path))
    _node_identity(state)
    for stub_fd in stub_fds:
        serving.serve_in_thread(neutron_stub.application, stub_fd)
    _placement(state, placement_fd)

    running = [
        _start("nova-conductor", conductor_rpcapi.RPC_TOPIC, controller),
        _start("nova-scheduler", scheduler_rpcapi.RPC_TOPIC, controller),
    ]
    running += [
        _start(
            "nova-compute",
            compute_rpcapi.RPC_TOPIC,
            host,
            topic_alt=compute_rpcapi.RPC_TOPIC_ALT,
        )
        for host in hosts
    ]
    host_mapping.discover_hosts(nova_context.get_admin_context())
    wsgi_app._setup_service(controller, _API)
    application = deploy.loadapp(
        f"config:{state.conf / 'nova-paste.ini'}", name=_API
    )
    gc.enable()
    serving.serve(application, nova_fd)
