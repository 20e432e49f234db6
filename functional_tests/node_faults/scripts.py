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


_INTERPRETER = "/usr/local/sbin/python3"


def stand_in(name: str) -> str:
    """A service of that name which only sleeps, as the process of that name:
    what the real one would do is not looked at."""
    program = f"/usr/local/sbin/{name}"
    return f"cp /bin/sleep {program}\n" + _started(name, f"{program} infinity")


def nova_stand_in(name: str) -> str:
    """The same for a service of Nova's, whose process is an interpreter called
    Python, here a shell, with the service's program among its arguments."""
    command = f"{_INTERPRETER} -c 'sleep infinity; :' /usr/bin/{name}"
    return f"cp /bin/sh {_INTERPRETER}\n" + _started(name, command)


def _started(name: str, command: str) -> str:
    return (
        f"cat >/etc/systemd/system/{name}.service <<'END'\n"
        f"[Service]\nExecStart={command}\n"
        "[Install]\nWantedBy=multi-user.target\nEND\n"
        f"systemctl daemon-reload; systemctl -q enable --now {name}\n"
    )


def no_stand_in(name: str) -> str:
    return (
        f"systemctl -q disable --now {name}\n"
        f"rm -f /etc/systemd/system/{name}.service {_INTERPRETER}"
        f" /usr/local/sbin/{name}\n"
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
