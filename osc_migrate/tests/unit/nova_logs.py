"""Lines of nova-compute's log, as oslo.log writes them (nova 34)."""

import datetime

from osc_migrate.explain.node_logs.lines import LineFilter
from osc_migrate.nodes.answers import Answer
from osc_migrate.tests.unit import past

SERVER = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
REQUEST = "req-8f0d1c5e-7a37-4a1c-9c5e-2f5b7a3f1d22"
WHO = f"[None {REQUEST} 5f2a0c1d 9b7e3f60 - - default default] "
DRIVER = "nova.virt.libvirt.driver"
MANAGER = "nova.compute.manager"
PATH = "/var/log/nova/nova-compute.log"
REFUSED = (
    "unable to connect to server at '10.77.0.13:16509': Connection refused"
)
WANTED = LineFilter(SERVER, REQUEST, past.at(-60), past.at(180))


def stamp(seconds: float = 3, hours: float = 0) -> str:
    """A local time, `hours` east of Greenwich."""
    moment = past.at(seconds) + datetime.timedelta(hours=hours)
    return f"{moment:%Y-%m-%d %H:%M:%S}.512 2143 "


def line(
    text: str,
    level: str = "ERROR",
    logger: str = DRIVER,
    who: str = WHO,
    server: str = SERVER,
    when: str | None = None,
) -> str:
    when = stamp() if when is None else when
    return f"{when}{level} {logger} {who}[instance: {server}] {text}"


def failure(message: str, when: str | None = None) -> list[str]:
    """All that Nova logs of a copy that failed, its noise included."""
    frames = (
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3/dist-packages/nova/compute/manager.py", line'
        " 9436, in _do_live_migration",
        "    self.driver.live_migration(context, instance, dest,",
        "    raise libvirtError('virDomainMigrateToURI3() failed')",
        f"libvirt.libvirtError: {message}",
        "",
    )
    failed = f"Live migration failed.: libvirt.libvirtError: {message}"
    return [
        line("Took 0.81 seconds for pre_live_migration", "INFO", when=when),
        line(f"Live Migration failure: {message}", when=when),
        line("Migration operation has aborted", when=when),
        line(failed, logger=MANAGER, when=when),
        *(line(f, logger=MANAGER, who="", when=when) for f in frames),
        line(
            "During sync_power_state the instance has a pending task",
            "INFO",
            MANAGER,
            when=when,
        ),
    ]


def answer(
    *lines: str, place: str = PATH, zone: str = "+0000", more: str = ""
) -> Answer:
    """What a node says to the question for its log."""
    rows = [f"={zone} {place}", *(f"|{one}" for one in lines)]
    return Answer(0, "\n".join((*rows, more)))
