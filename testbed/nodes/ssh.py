"""Connect to the nodes over SSH, from any network namespace here."""

import contextlib
import pathlib
import shlex
import subprocess
from collections.abc import Iterable, Mapping

from testbed.nodes import network
from testbed.nodes.errors import LabError
from testbed.nodes.names import Names
from testbed.nodes.secrets import Secrets, known_names

_PERSIST = 60  #: seconds to keep an idle connection, or to wait for one

# Atomic: a reader never sees an incomplete file.
_PUT = """\
set -e
path={path}
mkdir -p "$(dirname "$path")"
umask 077
cat >"$path.new"
chmod {mode:o} "$path.new"
{chown}
mv -f "$path.new" "$path"
"""


def write_config(
    directory: pathlib.Path,
    names: Names,
    addresses: Mapping[str, str],
    secrets: Secrets,
) -> pathlib.Path:
    """Write the files for ssh; return the path of its configuration."""
    directory.mkdir(exist_ok=True)
    key = directory / "id_ed25519"
    key.touch(0o600)
    key.write_text(secrets.lab.private)
    known = directory / "known_hosts"
    known.write_text(secrets.known_hosts(addresses))
    lines = []
    for name, address in addresses.items():
        pattern = " ".join(known_names(name, address))
        lines += [f"Host {pattern}", f"    HostName {address}"]
    proxy = network.inside(names.namespace, "socat", "-", "TCP:%h:%p")
    lines += [
        "Host *",
        "    User root",
        f'    IdentityFile "{key}"',
        "    IdentitiesOnly yes",
        f'    UserKnownHostsFile "{known}"',
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        f"    ProxyCommand {' '.join(proxy)}",
    ]
    config = directory / "ssh_config"
    config.write_text("\n".join(lines) + "\n")
    return config


class Shells:
    """Run scripts on nodes, with connections that stay open."""

    def __init__(self, config: pathlib.Path, run: pathlib.Path) -> None:
        """:param run: a directory for sockets."""
        self._config = config
        self._run = run

    def kept_config(self, hosts: Iterable[str]) -> pathlib.Path:
        """Return an ssh configuration that uses the connections of
        :meth:`run`. They are opened now, because a login takes an emulated
        machine seconds."""
        for host in hosts:
            self.run(host, "true")
        path = self._config.with_name("kept_config")
        path.write_text(
            f'Host *\n    ControlPath "{self._run}/%n-%r"\n'
            f'Include "{self._config}"\n'
        )
        return path

    def _command(self, host: str, user: str, *more: str) -> list[str]:
        return [
            *("ssh", "-F", str(self._config), "-T", "-l", user),
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR"),
            *("-o", "ControlMaster=auto"),
            *("-o", f"ControlPath={self._run}/{host}-%r"),
            *("-o", f"ControlPersist={_PERSIST}"),
            *("-o", f"ConnectTimeout={_PERSIST}"),
            *more,
            host,
        ]

    def run(
        self,
        host: str,
        script: str,
        timeout: float = 60.0,
        user: str = "root",
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with `sh`; status 255 may be an error of ssh itself.

        :param timeout: seconds
        :raises subprocess.TimeoutExpired: it takes longer
        """
        return subprocess.run(
            [*self._command(host, user), "sh -s"],
            input=script,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )

    def put(
        self,
        host: str,
        path: str,
        content: str | bytes,
        mode: int = 0o644,
        owner: str = "",
    ) -> None:
        """Write a file.

        :param owner: in the syntax of `chown`
        :raises LabError: it could not be written
        """
        quoted = shlex.quote(path)
        chown = f'chown {shlex.quote(owner)} "$path.new"' if owner else ""
        script = _PUT.format(path=quoted, mode=mode, chown=chown)
        done = subprocess.run(
            [*self._command(host, "root"), f"sh -c {shlex.quote(script)}"],
            input=content.encode() if isinstance(content, str) else content,
            capture_output=True,
            timeout=60.0,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise LabError(f"{host}: {path} cannot be written: {said}")

    def close(self, hosts: Iterable[str]) -> None:
        """Close the open connections."""
        for host in hosts:
            for socket in self._run.glob(f"{host}-*"):
                user = socket.name.removeprefix(f"{host}-")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    subprocess.run(
                        self._command(host, user, "-O", "exit"),
                        capture_output=True,
                        timeout=10.0,
                    )
                socket.unlink(missing_ok=True)
