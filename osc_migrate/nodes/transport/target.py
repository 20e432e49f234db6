"""How a node is reached: URIs like testinfra's, as a command line."""

import dataclasses
import re
import shlex
import urllib.parse

from osc_migrate.errors import MigrateError
from osc_migrate.text import printable

# Excludes options, and characters special to a shell or ssh_config.
_SAFE = re.compile(r"[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*")
# Host key verification is as configured: no option here weakens it.
_SSH = (
    "ssh",
    # No terminal; do not forward agent, X11 or Kerberos tickets.
    *("-T", "-a", "-x", "-k"),
    *("-o", "BatchMode=yes"),
    # Detect dead nodes; each question also has its own limit.
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
    # The configuration may be meant for interactive logins: use an existing
    # master, do not become one, forward nothing, run our command.
    *("-o", "ControlMaster=no", "-o", "ClearAllForwardings=yes"),
    *("-o", "RemoteCommand=none"),
)
_CONTAINERS = ("docker", "podman")
_PARAMETERS = ("sudo", "ssh_config", "ssh_identity_file", "timeout")
_TRUE = {"true": True, "1": True, "yes": True}
_FALSE = {"false": False, "0": False, "no": False}


class BadTarget(MigrateError):
    """A node cannot be reached as specified."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"node '{printable(name, 80)}': {reason}")
        self.name = name


@dataclasses.dataclass(frozen=True)
class Target:
    """A node's name and its URI.

    ``ssh://[USER@]HOST[:PORT]``, ``local://``, ``docker://[USER@]CONTAINER``
    or ``podman://...``, with ``?sudo=true``, ``ssh_config=FILE``,
    ``ssh_identity_file=FILE`` and ``timeout=SECONDS`` (to connect); what
    stands there wins over the fields of the same name.

    :raises BadTarget: the URI is none of these, or a name in it could be
        taken for an option.
    """

    name: str
    uri: str
    sudo: bool = False
    ssh_config: str | None = None
    ssh_identity_file: str | None = None
    # Seconds to connect.
    timeout: int = 10
    # Where the URI names none.
    user: str | None = None
    # The operator's own options of ssh, after ours.
    ssh_options: tuple[str, ...] = ()
    # What starts the shell.
    argv: tuple[str, ...] = dataclasses.field(init=False, default=())

    @classmethod
    def at(cls, name: str, host: str, port: str = "") -> str:
        """The URI of a login at `host`, a name or an address that others
        have given: nothing in it can become a parameter.

        :raises BadTarget: it is neither.
        """
        if not _SAFE.fullmatch(host):
            raise cls._invalid(name, "host", host)
        place = f"[{host}]" if ":" in host else host
        return f"ssh://{place}{':' if port else ''}{port}"

    def __post_init__(self) -> None:
        scheme, separator, location = self.uri.partition("://")
        spec, _, query = location.partition("?")
        if not separator:
            raise BadTarget(
                self.name, "a URI is needed, such as ssh://root@192.0.2.7"
            )
        for parameter, value in self._parameters(query).items():
            object.__setattr__(self, parameter, value)
        if scheme == "ssh":
            argv = self._ssh(spec)
        elif scheme == "local":
            argv = self._shell()
        elif scheme in _CONTAINERS:
            argv = self._container(scheme, spec)
        else:
            raise BadTarget(
                self.name,
                f"'{printable(scheme, 40)}://' is not supported; use ssh://, "
                "local://, docker:// or podman://",
            )
        object.__setattr__(self, "argv", argv)

    def running(self, script: str) -> tuple[str, ...]:
        """What runs one script there instead of a shell that is asked: its
        input and output are the script's own."""
        if self.uri.startswith("ssh://"):
            command_line = shlex.join((*self._shell(), "-c", script))
            return (*self.argv[:-1], f"exec {command_line}")
        return (*self.argv, "-c", script)

    def _parameters(self, query: str) -> dict[str, object]:
        parameters: dict[str, object] = {}
        for name, value in urllib.parse.parse_qsl(query, True):
            if name not in _PARAMETERS:
                raise BadTarget(
                    self.name,
                    f"'{printable(name, 40)}' is not a parameter of a URI; "
                    f"use {', '.join(_PARAMETERS)}",
                )
            parameters[name] = value
            if name == "sudo":
                parameters[name] = self._truth(value)
            if name == "timeout":
                if not (
                    value.isdecimal()
                    and len(value) < 5
                    and 0 < int(value) < 3600
                ):
                    raise BadTarget(self.name, "timeout is 1 to 3599 seconds")
                parameters[name] = int(value)
        return parameters

    def _truth(self, word: str) -> bool:
        known = _TRUE | _FALSE
        if word.lower() not in known:
            raise BadTarget(self.name, "sudo is 'true' or 'false'")
        return known[word.lower()]

    def _shell(self) -> tuple[str, ...]:
        return ("sudo", "-n", "sh") if self.sudo else ("sh",)

    def _ssh(self, spec: str) -> tuple[str, ...]:
        user, host, port = self._login(spec)
        argv = [*_SSH, "-o", f"ConnectTimeout={self.timeout}"]
        if user := user or self.user or "":
            argv += ["-o", f"User={self._safe('user', user)}"]
        if port:
            if not (
                port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
            ):
                raise BadTarget(self.name, "a port is 1 to 65535")
            argv += ["-p", port]
        if self.ssh_config:
            argv += ["-F", self.ssh_config]
        if self.ssh_identity_file:
            argv += ["-i", self.ssh_identity_file]
        argv += self.ssh_options
        # The login shell, whichever it is, makes room for a POSIX one.
        remote = " ".join(("exec", *self._shell()))
        return (*argv, "--", self._safe("host", host), remote)

    def _login(self, spec: str) -> tuple[str, str, str]:
        user, _, place = spec.rstrip("/").rpartition("@")
        user, colon, _ = user.partition(":")
        if colon:
            # Not repeated: it is a secret.
            raise BadTarget(
                self.name, "a password in a URI is not supported; use a key"
            )
        inner = re.fullmatch(r"\[([^]]*)\](?::(.*))?", place)
        if inner:
            return user, inner[1], inner[2] or ""
        if place.count(":") > 1:
            return user, place, ""
        host, _, port = place.partition(":")
        return user, host, port

    def _container(self, engine: str, spec: str) -> tuple[str, ...]:
        user, _, container = spec.rstrip("/").rpartition("@")
        argv = [engine, "exec", "-i"]
        if user:
            argv += ["-u", self._safe("user", user)]
        argv.append(self._safe("container", container))
        return (*argv, *self._shell())

    def _safe(self, label: str, word: str) -> str:
        if not _SAFE.fullmatch(word):
            raise self._invalid(self.name, label, word)
        return word

    @staticmethod
    def _invalid(name: str, label: str, word: str) -> BadTarget:
        return BadTarget(
            name,
            f"'{printable(word, 80)}' is not a valid {label} name; letters, "
            "digits and _.:%- are allowed, but not '-' first",
        )
