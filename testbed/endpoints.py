"""Compute nodes to log in to: real sshds on loopback, each on its own port.

They run as the user who runs the test. Host keys, known_hosts and ssh_config
are in a separate directory: the machine's own SSH files are not touched.
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import time

SSHD = "/usr/sbin/sshd"
# The default PATH of a login through sshd.
PATH = "/usr/local/bin:/usr/bin:/bin"
_SSHD_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {host_key}
AuthorizedKeysFile {authorized}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
"""
_SSH_CONFIG = """\
Host {name}
    HostName 127.0.0.1
    Port {port}
    HostKeyAlias {name}
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known}
    GlobalKnownHostsFile none

"""


class Endpoints:
    """Several sshds, started one by one; all stop at the end of `with`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key = self.folder / "client"
        self.known = self.folder / "known_hosts"
        self.config = self.folder / "ssh_config"
        self._processes = []
        self._listeners = []
        make_key(self.key)
        self._host_key = self.folder / "host"
        make_key(self._host_key)
        self.known.touch()
        self.config.touch()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        for listener in self._listeners:
            listener.close()

    def start(self, name, lines="", known=True, host_key=None):
        """Start an sshd and wait until it listens.

        :param lines: more lines of sshd_config; the first of a keyword wins.
        :param known: False omits its key from known_hosts; a file replaces
            it there by the public key in that file.
        :returns: its URI.
        """
        port = free_port()
        host_key = host_key or self._host_key
        config = self.folder / f"sshd_{name}"
        config.write_text(
            lines
            + "\n"
            + _SSHD_CONFIG.format(
                port=port, host_key=host_key, authorized=f"{self.key}.pub"
            )
        )
        with contextlib.suppress(FileExistsError, PermissionError):
            os.mkdir("/run/sshd", 0o755)
        with open(self.folder / f"log_{name}", "wb") as log:
            process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        listens(port, process, log.name)
        if known:
            shown = f"{host_key}.pub" if known is True else known
            kind, key, *_ = pathlib.Path(shown).read_text().split()
            with self.known.open("a") as file:
                file.write(f"{name} {kind} {key}\n")
        return self._configure(name, port)

    def deaf(self, name):
        """Start a server that accepts connections but never sends anything;
        return its URI."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._listeners.append(listener)
        return self._configure(name, listener.getsockname()[1])

    def nobody(self, name):
        """Return the URI of a port on which no process listens."""
        return self._configure(name, free_port())

    def _configure(self, name, port):
        with self.config.open("a") as file:
            file.write(
                _SSH_CONFIG.format(
                    name=name, port=port, key=self.key, known=self.known
                )
            )
        return f"ssh://{name}?ssh_config={self.config}"


def make_key(path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],
        check=True,
    )


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listens(port, process, log, patience=10.0):
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 1),
        ):
            return
        time.sleep(0.01)
    raise AssertionError(f"sshd: {pathlib.Path(log).read_text()}")
