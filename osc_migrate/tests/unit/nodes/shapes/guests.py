from osc_migrate.nodes.guests.facts import (
    Disk,
    Domain,
    GuestCpu,
    Guests,
    Writing,
)

# Runs on HostB.
SERVER = "aaaaaaaa-0000-4000-8000-0000000000b1"
CPU = GuestCpu(
    "custom", "kvm", "x86_64", "pc-i440fx-7.2", "<cpu mode='custom'/>"
)
MiB = 2**20
DISK = f"/var/lib/nova/instances/{SERVER}/disk"


def domain(**changes):
    return Domain(
        **(
            {
                "machine": "pc-i440fx-7.2",
                "disks": (Disk("file", "disk", DISK, False),),
                "started": 1_700_000_000,
                "cpu": CPU,
            }
            | changes
        )
    )


def healthy(name, **changes):
    here = frozenset({SERVER}) if name == "HostB" else frozenset()
    return Guests(
        **(
            {
                "domains": here,
                "active": here,
                "directories": frozenset({SERVER}),
                "running": {SERVER: domain()} if here else {},
                "certificates": 1_600_000_000,
                "writing": (
                    {SERVER: Writing(8 * MiB, 8 * MiB, 512 * MiB, 400 * MiB)}
                    if here
                    else {}
                ),
                "processors": {} if here else {CPU.key: "superset"},
            }
            | changes
        )
    )
