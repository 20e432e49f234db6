"""Settings (knobs) of hosts, guests and migrations.

The first of these that is set applies:

1. metadata of the server, ``lab.<key>`` (a guest's knobs only)
2. ``control.json``: settings of the host, changed while the cloud runs
3. group ``[lab]`` of nova.conf, given when the cloud starts
4. the default below
"""

from typing import Any

from oslo_config import cfg

PREFIX = "lab."
GROUP = "lab"

#: phases in which ``fail = <phase>`` injects a failure
PHASES = (
    "check_destination",
    "check_source",
    "pre_live_migration",
    "live_migration",
    "post_live_migration",
    "spawn",
    "migrate_disk",
    "finish_migration",
    "confirm_migration",
)

HOST = [
    cfg.IntOpt("vcpus", default=16, help="Processors of a host."),
    cfg.IntOpt("memory_mb", default=16384, help="Memory of a host, MiB."),
    cfg.IntOpt("local_gb", default=200, help="Disk of a host, GiB."),
    cfg.IntOpt(
        "numa_nodes",
        default=0,
        help="With none Nova binds no guest to a node, whatever it asks for.",
    ),
    cfg.StrOpt("cpu_model", default="Haswell-noTSX", help="libvirt's name."),
    cfg.StrOpt("cpu_vendor", default="Intel"),
    cfg.ListOpt(
        "cpu_features",
        default=["aes", "avx", "avx2", "clflush", "pcid", "pge", "x2apic"],
        help="What guests may see, with commas between them.",
    ),
    cfg.IntOpt(
        "disk_available_least",
        help="GiB that new disks may fill; without it, local_gb.",
    ),
    cfg.StrOpt("hypervisor_type", default="QEMU"),
    cfg.IntOpt(
        "hypervisor_version",
        default=8002000,
        help="As Nova encodes it: 8002000 is 8.2.0.",
    ),
    cfg.BoolOpt(
        "shared_storage",
        default=True,
        help="Are the disks of guests on storage shared with other hosts? "
        "Two hosts share if both do.",
    ),
    cfg.StrOpt(
        "machine_type",
        default="pc-i440fx-8.2",
        help="Written down when a server boots whose image does not say; "
        "empty: nothing is, as before Wallaby.",
    ),
]
GUEST = [
    cfg.FloatOpt("bandwidth_mb", default=128.0, help="Memory copied, MiB/s."),
    cfg.FloatOpt(
        "dirty_mb",
        default=16.0,
        help="Memory that the guest writes, MiB/s. "
        "From bandwidth_mb on, the migration never converges.",
    ),
    cfg.FloatOpt("disk_bandwidth_mb", default=512.0, help="MiB/s."),
    cfg.FloatOpt(
        "max_downtime",
        default=0.3,
        help="The guest is switched over when the rest of its memory can be "
        "copied in this time, s.",
    ),
    cfg.FloatOpt(
        "update_seconds",
        default=0.5,
        help="How often the progress is saved. libvirt's driver does it "
        "every [libvirt]live_migration_monitor_interval, 5 s.",
    ),
    cfg.FloatOpt("pre_seconds", default=0.0, help="Time in preparation."),
    cfg.FloatOpt("post_seconds", default=0.0, help="Time in the clean-up."),
    cfg.FloatOpt(
        "settle_seconds",
        default=0.5,
        help="Time between the rollback and the error.",
    ),
    cfg.BoolOpt(
        "old_nova",
        default=False,
        help="Behave like Nova before 32.2: a failed or aborted migration "
        "ends failed or cancelled and leaves the server active.",
    ),
    cfg.BoolOpt(
        "post_copy",
        default=False,
        help="Force-complete switches to post-copy instead of pausing.",
    ),
    cfg.FloatOpt(
        "completion_timeout",
        default=800.0,
        help="s per GiB, as [libvirt]live_migration_completion_timeout; "
        "at least 2 GiB are reckoned; 0 never times out.",
    ),
    cfg.StrOpt(
        "timeout_action",
        default="abort",
        choices=["abort", "force_complete"],
    ),
    cfg.StrOpt("fail", default="", choices=["", *PHASES]),
    cfg.StrOpt("fail_message", default="", help="Instead of ours."),
]
_OPTIONS = {option.name: option for option in (*HOST, *GUEST)}
_GUEST_KEYS = {option.name for option in GUEST}
KEYS = tuple(_OPTIONS)

_conf: Any = None
_control: Any = None


def register(conf: Any, control: Any) -> None:
    """Register the options, once, before nova.conf is read."""
    global _conf, _control
    _conf, _control = conf, control
    conf.register_opts([*HOST, *GUEST], group=GROUP)


def parse(key: str, text: Any) -> Any:
    """Convert and check a value; raise ValueError (also for the key)."""
    try:
        option = _OPTIONS[key]
    except KeyError:
        raise ValueError(
            f"no knob is called {key}; there are {', '.join(KEYS)}"
        ) from None
    return option.type(str(text))


def get(host: str, key: str, metadata: dict[str, str] | None = None) -> Any:
    """Return the effective value on a host, for a guest if given metadata."""
    found = None
    if metadata and key in _GUEST_KEYS:
        found = metadata.get(PREFIX + key)
    if found is None:
        found = _control.get(host, key)
    if found is None:
        return _conf[GROUP][key]
    try:
        return parse(key, found)
    except ValueError:
        # A typo in a server's metadata must not break a compute.
        return _conf[GROUP][key]
