"""RabbitMQ, on loopback, with a directory, a cookie and ports of its own.

It is the one of this machine's packages; nothing of it is started as a
service, and what the machine may run of it itself is not met.
"""

import pathlib
from collections.abc import Mapping

from testbed.cloud.ports import ADDRESS
from testbed.nodes.errors import LabError

USER, PASSWORD = "nova", "rabbit-secret"
#: what of it needs a port: clients, peers, and the register of peers
PORTS = ("rabbit", "peers", "epmd")

_CONFIGURATION = """\
listeners.tcp.1 = {address}:{rabbit}
default_user = {user}
default_pass = {password}
loopback_users = none
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
"""
# One core, and no spinning while it waits: the machine is a small one.
_ERLANG = (
    "+S 1:1 +A 8 +sbwt none +sbwtdcpu none +sbwtdio none"
    " -kernel inet_dist_use_interface {127,0,0,1}"
)


def url(address: str, ports: Mapping[str, int]) -> str:
    """What a service needs to know."""
    return f"rabbit://{USER}:{PASSWORD}@{address}:{ports['rabbit']}/"


def prepare(
    directory: pathlib.Path, ports: Mapping[str, int]
) -> tuple[list[str], dict[str, str]]:
    """Write what it needs; returns the command and the environment."""
    found = sorted(
        pathlib.Path("/usr/lib/rabbitmq/lib").glob(
            "rabbitmq_server-*/sbin/rabbitmq-server"
        )
    )
    if not found:
        raise LabError("rabbitmq-server is not installed")
    for name in ("data", "log"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    (directory / "rabbitmq.conf").write_text(
        _CONFIGURATION.format(
            address=ADDRESS, user=USER, password=PASSWORD, **ports
        )
    )
    (directory / "plugins").write_text("[].\n")
    environment = {
        "HOME": str(directory),  # of the cookie
        "ERL_EPMD_ADDRESS": ADDRESS,
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "RABBITMQ_NODENAME": f"joint-{ports['rabbit']}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": ADDRESS,
        "RABBITMQ_NODE_PORT": str(ports["rabbit"]),
        "RABBITMQ_DIST_PORT": str(ports["peers"]),
        "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(directory / "data"),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(directory / "flags"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(directory / "generated"),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
    }
    return [str(found[-1])], environment
