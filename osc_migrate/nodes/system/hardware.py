"""Checks that compare nodes: CPUs, huge pages, security modules."""

from collections.abc import Callable
from typing import TypeVar

from osc_migrate.checks.check import Concern, Problem, Skip, Verdict
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.majority import differing, majority
from osc_migrate.nodes.node import ClusterFacts, NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster, of_pair
from osc_migrate.text import listed, printable, size

T = TypeVar("T")

# Flags in /proc/cpuinfo that guests do not see: for power management,
# monitoring, virtualization and mitigations of the host, and names invented by
# Linux (arch/x86/include/asm/cpufeatures.h).
_HOST_FLAGS = """
acpi aperfmperf arat art avic bts bus_lock_detect cat_l2 cat_l3 cdp_l2
cdp_l3 constant_tsc cpb cpuid cpuid_fault cqm cqm_llc cqm_mbm_local
cqm_mbm_total cqm_occup_llc dca decodeassists ds_cpl dtes64 dtherm dts
dtopology epb ept ept_ad ept_violation_ve est extd_apicid extapic
flexpriority flushbyasid hfi ht hw_pstate hwp hwp_act_window hwp_epp
hwp_notify hwp_pkg_req ibrs ibrs_enhanced ibpb ibs ida intel_pconfig
intel_ppin intel_pt invpcid_single lbrv mba monitor mwaitx nodeid_msr
nonstop_tsc nonstop_tsc_s3 nopl npt nrip_save ospke osvw pausefilter
pbe pdcm pebs pfthreshold pln proc_feedback pti pts rapl rdt_a
rep_good retpoline sdbg sgx sgx_lc skinit smca sme sev sev_es smx
split_lock_detect stibp svm svm_lock swapgs tce tm tm2 tme topoext
tpr_shadow tsc_known_freq tsc_reliable tsc_scale v_spec_ctrl
v_vmsave_vmload vgif vmcb_clean vmmcall vmx vnmi vpid waitpkg wdt
xtopology xtpr hypervisor cpuinfo
"""
_OF_THE_HOST = frozenset(_HOST_FLAGS.split())
_SHOWN = 8


@of_pair(LIVE)
def destination_cpu_has_the_guests_features(pair: PairFacts) -> str:
    """The destination's processor can do what the source's guests saw.

    What a guest sees is [libvirt] cpu_mode of the source: the processor
    itself (host-passthrough), its named model with most features
    (host-model) or a chosen model (nova's cpu-models.rst).
    """
    source, destination = pair.source.system.cpu, pair.destination.system.cpu
    mode = _mode(pair.source)
    if mode not in ("host-passthrough", "host-model"):
        raise Skip(f"cpu_mode = {mode}: the guest does not see the processor")
    if _architectures_differ(pair):
        raise Skip("another architecture: see architectures-agree")
    missing = sorted(source.flags - destination.flags - _OF_THE_HOST)
    if source.vendor == destination.vendor and not missing:
        return f"{len(source.flags)} flags, cpu_mode = {mode}"
    difference = (
        f"{destination.vendor} is not {source.vendor}"
        if source.vendor != destination.vendor
        else f"the processor lacks {_shortened(missing)}"
    )
    remedy = (
        "move to a host with the same processors, or set [libvirt] cpu_mode ="
        " custom with a cpu_models that all have (virsh"
        " hypervisor-cpu-baseline), and restart the guests"
    )
    if mode == "host-passthrough":
        raise Problem(f"{difference}, and guests see the source's own", remedy)
    raise Concern(
        f"{difference}: guests that were started on {pair.source.name} may"
        " need it",
        remedy,
    )


@of_pair(LIVE)
def passthrough_hosts_are_identical(pair: PairFacts) -> str:
    """Processor, microcode and kernel are the same, with host-passthrough.

    Nova's cpu-models.rst: source and destination must be 'identical' or
    nearly so, microcode and kernel among it.
    """
    if _mode(pair.source) != "host-passthrough":
        raise Skip("cpu_mode is not host-passthrough")
    source, destination = pair.source.system, pair.destination.system
    if source.cpu.flags - destination.cpu.flags - _OF_THE_HOST:
        raise Skip("see destination-cpu-has-the-guests-features")
    differ = [
        f"{component} {printable(a, 60)} and {printable(b, 60)}"
        for component, a, b in (
            ("processor", source.cpu.model, destination.cpu.model),
            ("microcode", source.cpu.microcode, destination.cpu.microcode),
            ("kernel", source.kernel, destination.kernel),
        )
        if a != b
    ]
    if not differ:
        return f"{source.cpu.model}, Linux {source.kernel}"
    raise Concern(
        f"host-passthrough between hosts that differ: {'; '.join(differ)}",
        f"bring {pair.source.name} and {pair.destination.name} to the same"
        " kernel and microcode package, and reboot; between other"
        " processors use cpu_mode = custom",
    )


@of_pair(LIVE)
def destination_has_huge_pages(pair: PairFacts) -> str:
    """The destination has huge pages free of the sizes used at the source."""
    destination_sizes = pair.destination.system.sizes
    used = {
        kib: total - free
        for kib, (total, free) in pair.source.system.sizes.items()
        if total > free
    }
    if not used:
        raise Skip(f"no huge pages are used on {pair.source.name}")
    lacking = [
        kib for kib in used if not destination_sizes.get(kib, (0, 0))[1]
    ]
    if not lacking:
        return ", ".join(size(kib * 1024) for kib in used)
    kib = lacking[0]
    folder = f"/sys/kernel/mm/hugepages/hugepages-{kib}kB/nr_hugepages"
    total = destination_sizes.get(kib, (0, 0))[0]
    raise Concern(
        f"{used[kib]} huge pages of {size(kib * 1024)} are used on"
        f" {pair.source.name}, and {pair.destination.name} has none free:"
        " a guest on them cannot go there",
        f"on {pair.destination.name}: echo {total + used[kib]} > {folder},"
        f" and hugepagesz={size(kib * 1024).replace('.0 ', '').rstrip('iB')}"
        f" hugepages={total + used[kib]} on the kernel's command line",
    )


@of_cluster()
def architectures_agree(cluster: ClusterFacts) -> str:
    """All compute nodes are of one architecture."""
    return _agree(
        cluster,
        lambda node: node.system.architecture,
        Problem,
        "a guest runs only on the architecture that it was started on",
        "move servers between hosts of one architecture only: put them into"
        " an aggregate each",
    )


@of_cluster()
def security_modules_agree(cluster: ClusterFacts) -> str:
    """SELinux or AppArmor is in the same mode on all compute nodes."""
    return _agree(
        cluster,
        lambda node: node.system.security,
        Concern,
        "a moved guest may be denied its disks and sockets",
        "bring all to one mode: setenforce 1 and SELINUX=enforcing in"
        " /etc/selinux/config (after restorecon -R of the instances"
        " directory), or the kernel's command line apparmor=1"
        " security=apparmor, and reboot",
    )


def _agree(
    cluster: ClusterFacts,
    read: Callable[[NodeFacts], str],
    verdict: type[Verdict],
    consequence: str,
    remedy: str,
) -> str:
    values = {node.name: read(node) for node in cluster.computes}
    if len(values) < 2:
        raise Skip("fewer than two compute nodes")
    common_value = majority(values)
    deviating = differing(values, common_value)
    if not deviating:
        return common_value
    deviations = _shortened(
        [f"{n} {printable(v, 40)}" for n, v in deviating.items()]
    )
    raise verdict(
        f"{deviations}; the others {common_value}: {consequence}", remedy
    )


def _mode(node: NodeFacts) -> str:
    config = config_of(node)
    kind = config.get("libvirt", "virt_type", "kvm")
    if kind != "kvm":
        # Emulated: the same on every host.
        return f"none, virt_type = {kind}"
    return config.get("libvirt", "cpu_mode") or "host-model"


def _architectures_differ(pair: PairFacts) -> bool:
    return or_none(lambda: pair.source.system.architecture) != or_none(
        lambda: pair.destination.system.architecture
    )


def _shortened(names: list[str]) -> str:
    return listed([printable(name, 60) for name in names], _SHOWN)
