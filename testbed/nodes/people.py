"""The accounts of a node, in addition to Debian's own.

They are the same on all nodes and therefore part of the tree; their keys
differ between labs and are part of a node's layer.
"""

from dataclasses import dataclass

#: busybox as a login shell, as on small systems; its name selects the applet
BUSYBOX_SHELL = "/usr/local/lib/busybox/sh"


@dataclass(frozen=True)
class Account:
    """One line of /etc/passwd, and whether sudo is granted."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    groups: tuple[str, ...] = ()
    sudo: bool = False


NOVA = Account(
    *("nova", 64060, 64060, "/var/lib/nova", "/bin/bash"),
    groups=("libvirt", "libvirt-qemu"),
)
_USERS = 100  #: Debian's group of that name; it has one named operator too
#: accounts that tests log in with
GUESTS = (
    Account(
        "operator", 1001, _USERS, "/home/operator", "/bin/bash", sudo=True
    ),
    Account("nosudo", 1002, _USERS, "/home/nosudo", "/bin/bash"),
    Account("dasher", 1003, _USERS, "/home/dasher", "/bin/dash", sudo=True),
    Account("boxer", 1004, _USERS, "/home/boxer", BUSYBOX_SHELL, sudo=True),
)


def creation() -> str:
    """Return shell commands that create the accounts, without home
    directories."""
    lines = [f"groupadd -g {NOVA.gid} {NOVA.name}"]
    for one in (NOVA, *GUESTS):
        groups = f"-G {','.join(one.groups)} " if one.groups else ""
        lines.append(
            f"useradd -u {one.uid} -g {one.gid} -d {one.home} -M "
            f"-s {one.shell} {groups}-p '*' {one.name}"
        )
    return "\n".join(lines)
