"""RabbitMQ on loopback, with a separate directory, cookie and ports.

It is the version packaged for this machine. It does not run as a service, and
does not interfere with a RabbitMQ service of the machine.
"""

import pathlib
from collections.abc import Mapping

from testbed.cloud.ports import ADDRESS
from testbed.nodes.errors import LabError

USER, PASSWORD = "nova", "rabbit-secret"
#: parts that need a port: clients, peers, and the peer registry (epmd)
PORTS = ("rabbit", "peers", "epmd")

_CONFIGURATION = """\
listeners.tcp.1 = {address}:{rabbit}
default_user = {user}
default_pass = {password}
loopback_users = none
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
"""
# One core and no busy waiting, as the machine is small.
_ERLANG = (
    "+S 1:1 +A 8 +sbwt none +sbwtdcpu none +sbwtdio none"
    " -kernel inet_dist_use_interface {127,0,0,1}"
)


def url(address: str, ports: Mapping[str, int]) -> str:
    """Return the transport URL for a service."""
    return f"rabbit://{USER}:{PASSWORD}@{address}:{ports['rabbit']}/"


def prepare(
    directory: pathlib.Path, ports: Mapping[str, int]
) -> tuple[list[str], dict[str, str]]:
    """Write its configuration; return its command and environment."""
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
        "HOME": str(directory),  # the location of the cookie
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
