"""Checks of a node's memory, KVM and kernel settings."""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.system import clock, hardware
from osc_migrate.text import command, size

# As a fraction of the memory outside huge pages.
_LITTLE = 0.04
_SYSCTL = "/etc/sysctl.d/60-post-copy.conf"


@of_node()
def kvm_is_available(node: NodeFacts) -> str:
    """KVM is there where Nova is to use it."""
    kind = config_of(node).get("libvirt", "virt_type", "kvm")
    if kind != "kvm":
        raise Skip(f"virt_type = {kind}")
    if node.system.kvm:
        return "/dev/kvm is there"
    vendor = node.system.cpu.vendor
    module = {"GenuineIntel": "kvm_intel", "AuthenticAMD": "kvm_amd"}
    raise Problem(
        "virt_type = kvm, but /dev/kvm does not exist: no guest can be"
        " started",
        f"on {node.name}: {command('modprobe', module.get(vendor, 'kvm'))};"
        " where that fails, enable virtualization in the firmware",
    )


@of_node(LIVE)
def hosts_can_post_copy(node: NodeFacts) -> str:
    """QEMU may handle the page faults of post-copy.

    Without, a move that permits post-copy fails at its start ('Postcopy is
    not supported'). QEMU is not root, and Linux lets others only by
    vm.unprivileged_userfaultfd, 0 by default since 5.11
    (configuring-migrations.rst).
    """
    if not config_of(node).flag("libvirt", "live_migration_permit_post_copy"):
        raise Skip("post-copy is not permitted")
    allowed = node.system.userfaultfd
    if allowed == 1:
        return "vm.unprivileged_userfaultfd = 1"
    if allowed is None:
        # The setting exists since 5.2; before that, all users were allowed.
        if (0, 0) < node.system.kernel_version < (5, 2):
            return f"Linux {node.system.kernel} permits it to all users"
        raise Problem(
            f"Linux {node.system.kernel} has no userfaultfd, which post-copy"
            " needs",
            f"set live_migration_permit_post_copy = false on {node.name}, or"
            " boot a kernel with CONFIG_USERFAULTFD",
        )
    name = "vm.unprivileged_userfaultfd"
    raise Problem(
        f"{name} = {allowed}: QEMU cannot receive a guest with post-copy",
        "",
        Fix(
            node.name,
            (
                command("conf_set", _SYSCTL, name, 1),
                command("sysctl", "-q", "-w", f"{name}=1"),
            ),
        ),
    )


@of_node()
def memory_is_available(node: NodeFacts) -> str:
    """The node has memory left for itself."""
    memory = node.system.memory
    huge = sum(page.size * page.total for page in node.system.pages)
    total = max(memory.total - huge, 1)
    left = size(memory.available * 1024)
    if memory.available >= total * _LITTLE:
        return f"{left} are available"
    raise Concern(
        f"{left} of {size(total * 1024)} are available: an arriving guest"
        " may cause the kernel to kill another (OOM)",
        f"on {node.name}: see what uses it (ps -eo rss,args --sort -rss |"
        " head), move servers away, or raise reserved_host_memory_mb in"
        f" {node.config.file}",
    )


NODE: tuple[Check, ...] = (
    kvm_is_available,
    hosts_can_post_copy,
    clock.clock_is_synchronised,
    memory_is_available,
)
STORAGE: tuple[Check, ...] = (clock.clock_is_synchronised,)
PAIR: tuple[Check, ...] = (
    hardware.destination_cpu_has_the_guests_features,
    hardware.passthrough_hosts_are_identical,
    hardware.destination_has_huge_pages,
)
CLUSTER: tuple[Check, ...] = (
    clock.clocks_agree,
    hardware.architectures_agree,
    hardware.security_modules_agree,
)
