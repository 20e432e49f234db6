"""Words of the scripts that bring faults about."""

from collections.abc import Callable
from typing import Any

NOVA_CONF = "/etc/nova/nova.conf"
_SAVED = f"{NOVA_CONF}.lab"
#: to how it was before :func:`options`
RESTORE = f"cp -p {_SAVED} {NOVA_CONF}"


def options(section: str, **values: object) -> str:
    """Adds options to nova.conf: the last one counts."""
    lines = "".join(rf"{name} = {said}\n" for name, said in values.items())
    return (
        f"[ -e {_SAVED} ] || cp -p {NOVA_CONF} {_SAVED}\n"
        f"printf '%b' '[{section}]\\n{lines}' >>{NOVA_CONF}\n"
    )


def cover(path: str, content: str) -> str:
    """Lays a file over one of /proc or /sys, which are real ones.

    :param content: a command that prints it.
    """
    name = f"/run/lab{path.replace('/', '-')}"
    return f"{content} >{name}; mount --bind {name} {path}\n"


def uncover(path: str) -> str:
    return f"umount {path}\n"


def stand_in(name: str) -> str:
    """A service of that name which only sleeps, as the process of that name:
    what the real one would do is not looked at."""
    unit = f"/etc/systemd/system/{name}.service"
    text = (
        f"[Service]\\nExecStart=/usr/local/sbin/{name} infinity\\n"
        "[Install]\\nWantedBy=multi-user.target\\n"
    )
    return (
        f"cp /bin/sleep /usr/local/sbin/{name}\n"
        f"printf '%b' '{text}' >{unit}\n"
        f"systemctl daemon-reload; systemctl -q enable --now {name}\n"
    )


def no_stand_in(name: str) -> str:
    return (
        f"systemctl -q disable --now {name}\n"
        f"rm -f /etc/systemd/system/{name}.service /usr/local/sbin/{name}\n"
        "systemctl daemon-reload; systemctl reset-failed\n"
    )


def on(**scripts: str) -> Callable[[Any], None]:
    """Runs scripts on several nodes, in this order."""

    def run(lab: Any) -> None:
        for node, script in scripts.items():
            done = lab.run(node, f"set -e\n{script}")
            assert done.returncode == 0, done.stderr

    return run


def both(script: str) -> Callable[[Any], None]:
    """Runs a script on both compute nodes."""
    return on(HostB=script, HostC=script)
