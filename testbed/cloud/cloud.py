"""Start, inspect, steer and stop one cloud: the Python interface.

::

    with Cloud.up(tmp_path / "cloud", hosts=["HostB", "HostC"]) as cloud:
        connection = openstack.connect(**cloud.credentials("admin"))
        cloud.silence("HostC")
"""

import json
import pathlib
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from testbed.cloud import agents, config, packages, ports, processes
from testbed.cloud.control import SILENT, Control
from testbed.cloud.errors import CloudError
from testbed.cloud.guard import Guard, this_process
from testbed.cloud.processes import Process
from testbed.cloud.state import State

CONTROLLER = "HostA"
HOSTS = ("HostB", "HostC")
STUB, NEUTRON = NETWORKS = ("stub", "neutron")
_UP = "up"


def _quiet(text: str) -> None:
    """Report nothing."""


class Cloud:
    """A cloud in a state directory; it need not be running."""

    def __init__(self, state: pathlib.Path | str) -> None:
        self.state = State(state)
        self.control = Control(self.state.path)
        self._guard: Guard | None = None

    def __enter__(self) -> "Cloud":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.down()

    @classmethod
    def up(
        cls,
        state: pathlib.Path | str,
        hosts: Iterable[str] = HOSTS,
        *,
        settings: Mapping[str, Any] | None = None,
        host_settings: Mapping[str, Mapping[str, Any]] | None = None,
        wanted_ports: Mapping[str, int] | None = None,
        network: str = STUB,
        fresh: bool = False,
        lasting: bool = False,
        timeout: float = 120.0,
        report: Callable[[str], None] = _quiet,
    ) -> "Cloud":
        """Start a cloud unless it runs; return when it is usable.

        Leftovers of an `up` that was killed are removed first.

        :param settings: knobs of the whole cloud (see virt/knobs.py)
        :param host_settings: the same for single hosts
        :param wanted_ports: fixed ports by service, instead of free ones
        :param network: 'neutron' for the real one; 'stub' starts faster
        :param fresh: run the database migrations instead of using a template
        :param lasting: keep it running when this process ends
        :raises CloudError: with the reason; nothing is left running
        """
        packages.check()
        cloud = cls(state)
        hosts = list(hosts)
        _check_names(hosts, wanted_ports or {})
        if network not in NETWORKS:
            raise CloudError(f"network: {' or '.join(NETWORKS)}")
        with cloud.state.locked():
            if cloud._already_up(hosts, network):
                report(f"already up in {cloud.state.path}")
                return cloud
            if not lasting:
                cloud._guard = Guard.of_lab(
                    "testbed.cloud", str(cloud.state.path)
                )
            try:
                cloud._start(
                    hosts,
                    dict(settings or {}),
                    host_settings or {},
                    wanted_ports or {},
                    network,
                    fresh,
                    timeout,
                    report,
                )
                if lasting:
                    cloud.state.save({**cloud.state.load(), "owner": None})
            except BaseException:
                processes.stop(cloud.processes)
                cloud._release()
                raise
        return cloud

    def _release(self) -> None:
        if self._guard:
            self._guard.release()
            self._guard = None

    def _already_up(self, hosts: list[str], network: str) -> bool:
        facts = self.state.load()
        if self.state.abandoned:
            processes.stop(self.processes)
            if facts.get("phase") == _UP:
                self.state.remove()
        if not any(process.alive for process in self.processes):
            return False
        if facts.get("phase") != _UP or not self.is_up:
            raise CloudError(
                f"the cloud in {self.state.path} is only partly running; "
                "run `down` first"
            )
        if facts["hosts"] != hosts:
            raise CloudError(
                f"the cloud in {self.state.path} is up with the hosts "
                f"{', '.join(facts['hosts'])}; run `down` first"
            )
        if self.network != network:
            raise CloudError(
                f"the cloud in {self.state.path} is up with the network "
                f"{self.network}; run `down` first"
            )
        return True

    def _start(
        self,
        hosts,
        settings,
        host_settings,
        wanted_ports,
        network,
        fresh,
        timeout,
        report,
    ) -> None:
        from testbed.cloud import readiness

        _check_settings(settings, host_settings)
        begin = time.monotonic()

        def say(text: str) -> None:
            report(f"[{time.monotonic() - begin:4.1f}s] {text}")

        sockets = ports.listen(config.ROOTS, wanted_ports)
        try:
            self.state.create()
            facts = {
                "phase": "starting",
                "controller": CONTROLLER,
                "hosts": hosts,
                "network": network,
                "owner": this_process().entry,
                "ports": {
                    name: sock.getsockname()[1]
                    for name, sock in sockets.items()
                },
                "processes": {},
            }
            self.state.save(facts)
            config.write(
                self.state, facts["ports"], CONTROLLER, settings, len(hosts)
            )
            for host, mine in host_settings.items():
                self.configure(host, **mine)
            for host in hosts:  # no host is silent after a start
                self.control.set(host, {SILENT: None})
            children = self._spawn(sockets, facts, fresh)
        finally:
            ports.close(sockets)
        say("started " + ", ".join(children))
        readiness.wait(self, children, begin + timeout, say)
        facts["phase"] = _UP
        self.state.save(facts)
        say(f"up: controller {CONTROLLER}, computes {', '.join(hosts)}")

    def _spawn(self, sockets, facts, fresh) -> dict[str, subprocess.Popen]:
        package = __package__
        path = str(self.state.path)
        options = ["--fresh"] if fresh else []
        fds = {name: sock.fileno() for name, sock in sockets.items()}
        nova = ("nova", "placement")
        if facts["network"] == STUB:
            nova += ("neutron",)
        # Nova takes longest, so start it first.
        commands = {
            "nova": (
                "nova_process",
                nova,
                [CONTROLLER, ",".join(facts["hosts"])],
            ),
            "keystone": ("wsgi_process", ("keystone",), []),
            "glance": ("wsgi_process", ("glance",), []),
        }
        if facts["network"] == NEUTRON:
            commands["neutron"] = ("wsgi_process", ("neutron",), [])
        children = {}
        for name, (module, names, more) in commands.items():
            mine = [fds[served] for served in names]
            first = [name, path] if module == "wsgi_process" else [path]
            process, children[name] = processes.spawn(
                name,
                f"{package}.{module}",
                [*first, *map(str, mine), *more, *options],
                self.log(name),
                mine,
            )
            facts["processes"][name] = {
                **process.entry,
                "serves": list(names),
            }
            self.state.save(facts)
        return children

    def down(self, keep: bool = False, owner: str | None = None) -> list[str]:
        """Stop the cloud and remove the state directory.

        Safe to call at any time, even if nothing was ever started.

        :param keep: leave the directory; `up` continues from there
        :param owner: do nothing unless this process owns it; see Record
        :returns: names of the processes that had to be killed
        """
        if not self.state.exists:
            return []
        with self.state.locked():
            if self.state.belongs_to_another(owner):
                return []
            killed = processes.stop(self.processes)
            if not keep:
                self.state.remove()
            elif self.state.exists:
                self.state.save(
                    {**self.state.load(), "phase": "down", "processes": {}}
                )
        self._release()
        return killed

    # Properties

    @property
    def processes(self) -> list[Process]:
        """The recorded processes, dead or alive."""
        return self.state.processes()

    @property
    def is_up(self) -> bool:
        """Whether it is completely started and all its processes live."""
        facts = self.state.load()
        found = self.processes
        return (
            facts.get("phase") == _UP
            and bool(found)
            and all(process.alive for process in found)
        )

    @property
    def hosts(self) -> list[str]:
        """The names of the compute hosts."""
        return self.state.load().get("hosts", [])

    @property
    def network(self) -> str:
        """The kind of network service: 'neutron' or 'stub'."""
        return self.state.load().get("network", STUB)

    @property
    def ports(self) -> dict[str, int]:
        """The port of each service."""
        return self.state.load().get("ports", {})

    @property
    def endpoints(self) -> dict[str, str]:
        """The URL of each service."""
        return config.endpoints(self.ports)

    @property
    def clouds_yaml(self) -> pathlib.Path:
        """The file for OS_CLIENT_CONFIG_FILE."""
        return self.state.clouds_yaml

    def credentials(self, name: str = "admin") -> dict[str, Any]:
        """Return keyword arguments for openstack.connect()."""
        clouds = json.loads(self.clouds_yaml.read_text())["clouds"]
        return {**clouds[name], "load_yaml_config": False}

    def environment(self, name: str = "admin") -> dict[str, str]:
        """Return environment variables for the openstack client."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(self.clouds_yaml),
            "OS_CLOUD": name,
        }

    def log(self, name: str) -> pathlib.Path:
        """Return the log of a process: nova, keystone, glance or neutron."""
        return self.state.log / f"{name}.log"

    # Faults and settings of a host

    def silence(self, host: str) -> None:
        """Disconnect a host; it is down after config.DOWN_TIME seconds."""
        self._check_host(host)
        self.control.set(host, {SILENT: True})

    def wake(self, host: str) -> None:
        """Reconnect a host; it is up with its next heartbeat."""
        self._check_host(host)
        self.control.set(host, {SILENT: None})

    def configure(self, host: str, **settings: Any) -> None:
        """Set knobs of a host while it runs; None resets one.

        Facts about the host itself (its CPU, its size) reach Nova when the
        host next reports its resources, within ten seconds.
        """
        self._check_host(host)
        _check_settings({}, {host: settings})
        self.control.set(host, settings)

    def agent(
        self,
        host: str,
        *,
        alive: bool | None = None,
        mappings: Mapping[str, str] | None = None,
    ) -> None:
        """Mark Neutron's agent on a host as alive or dead, or map bridges.

        :param mappings: physical network to bridge; empty for no network
        """
        self._check_host(host)
        if self.network != NEUTRON:
            raise CloudError(
                "this cloud has no network service; start it with"
                " `up --network neutron`"
            )
        agents.change(self.state.database("neutron"), host, alive, mappings)

    def _check_host(self, host: str) -> None:
        if host not in self.hosts:
            raise CloudError(
                f"no compute is called {host}; there are: "
                f"{', '.join(self.hosts) or 'none, the cloud is not up'}"
            )


def _check_names(hosts: list[str], wanted_ports: Mapping[str, int]) -> None:
    bad = [name for name in hosts if not name or set(name) & set(", /\n")]
    if not hosts or bad or len(set(hosts)) != len(hosts):
        raise CloudError("hosts: give distinct names, separated by commas")
    if unknown := set(wanted_ports) - set(config.ROOTS):
        raise CloudError(
            f"no service is called {', '.join(sorted(unknown))}; "
            f"there are {', '.join(config.ROOTS)}"
        )


def _check_settings(settings, host_settings) -> None:
    from testbed.cloud.virt import knobs

    for some in (settings, *host_settings.values()):
        for key, value in some.items():
            try:
                if value is not None:
                    knobs.parse(key, value)
                elif key not in knobs.KEYS:
                    raise ValueError("no such knob")
            except ValueError as exc:
                raise CloudError(f"{key}: {exc}") from exc
