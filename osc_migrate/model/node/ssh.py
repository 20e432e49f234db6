"""What ssh of user nova needs on both ends; no secret is among it."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.model.facts import Facts


@dataclasses.dataclass(frozen=True)
class File:
    """A file or directory: octal mode, owner's name."""

    mode: int
    owner: str

    @property
    def open_to_others(self) -> bool:
        """Others may write: sshd's StrictModes refuses it."""
        return bool(self.mode & 0o022)


@dataclasses.dataclass(frozen=True, repr=False)
class Ssh(Facts):
    # Options of sshd that decide on user nova: 'allowusers' -> its words;
    # also 'groups', those of nova. Empty where sshd does not tell.
    options: Mapping[str, tuple[str, ...]]
    # Public keys of sshd: 'ssh-ed25519 AAAA...'.
    host_keys: tuple[str, ...]
    # Of user nova; both empty where there is no such user.
    home: str
    shell: str
    # nova's home, its .ssh, and what lies in that, by path.
    files: Mapping[str, File]
    # nova's own public keys, and those of whom sshd lets in as nova.
    public_keys: tuple[str, ...]
    authorized: tuple[str, ...]

    @property
    def directory(self) -> str:
        return f"{self.home.rstrip('/')}/.ssh"

    @property
    def private_keys(self) -> list[str]:
        """Paths of what ssh tries by itself (ssh_config(5), IdentityFile)."""
        return [
            path
            for path in self.files
            if path.startswith(f"{self.directory}/id_")
            and not path.endswith(".pub")
        ]
