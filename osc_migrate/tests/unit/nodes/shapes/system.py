from osc_migrate.nodes.system.facts import (
    ClockOffset,
    Cpu,
    Memory,
    System,
    TimeService,
)
from osc_migrate.tests.unit.nodes.shapes.config import ADDRESSES

CPU = Cpu(
    vendor="GenuineIntel",
    model="Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz",
    flags=frozenset({"fpu", "vme", "sse2", "avx2", "vmx", "acpi"}),
    microcode="0x5003604",
)
TIME = TimeService(
    container=False,
    running="chronyd",
    unit="chronyd.service",
    synchronised=True,
)
HEALTHY = {
    "os_id": "debian",
    "os_like": (),
    "os_version": "12",
    "kernel": "6.1.0-18-amd64",
    "architecture": "x86_64",
    "uptime": 86400.0,
    "kvm": True,
    "userfaultfd": 1,
    "security": "apparmor",
    "cpu": CPU,
    "memory": Memory(total=16 << 20, available=8 << 20),
    "pages": (),
    "clock": ClockOffset(offset=0.01, uncertainty=0.02),
    "time": TIME,
}


def healthy(name, **changes):
    own = {"127.0.0.1", "::1", ADDRESSES.get(name, "10.77.0.99")}
    return System(**({"addresses": frozenset(own)} | HEALTHY | changes))
