"""A second witness: the tests of validators/guide, beside the checks."""

import re
import subprocess
import sys

from testbed.cloud.processes import ROOT

_FAILED = re.compile(r"^(?:FAILED|ERROR) \S+::(test_\w+)", re.MULTILINE)

# Test -> the faults that it detects; a check reports each of them too.
SEEN_BY = {
    "test_numbers_are_those_of_the_first_node": (
        "nova-uid-agrees",
        "nova-uid-is-taken",
        "nova-gid-agrees",
        "qemu-uid-agrees",
        "qemu-gid-agrees",
    ),
    "test_nova_exists": ("nova-user-exists",),
    "test_libvirt_answers": (
        "libvirt-runs",
        "libvirt-is-masked",
        "libvirt-is-missing",
        "libvirt-flag-fits-its-sockets",
        "libvirt-fails",
        "libvirt-answers",
    ),
    "test_the_file_server_has_the_same_number": ("storage-knows-nova",),
    "test_own_name_resolves_to_own_address": (
        "host-name-is-not-loopback",
        "hosts-file-agrees-with-itself",
    ),
    "test_names_of_other_nodes_resolve": (
        "names-stale",
        "names-missing",
        "name-unresolvable",
        "name-of-nobody",
        "name-of-the-source",
        "name-loopback",
        "name-of-two",
    ),
    "test_addresses_are_its_own": (
        "inbound-of-another",
        "inbound-of-nobody",
        "inbound-loopback",
        "my-ip-is-local",
        "interface-is-up",
    ),
    "test_libvirt_starts_at_boot": ("libvirt-starts-at-boot",),
    "test_libvirt_listens": (
        "libvirt-listens",
        "libvirt-socket-is-masked",
        "libvirt-listens-on-loopback",
        "libvirt-flag-without-listen-tcp",
        "libvirt-without-the-flag",
        "libvirt-on-another-port",
        "libvirt-listens-for-tls-only",
    ),
    "test_libvirt_listens_after_boot": ("libvirt-listens-after-boot",),
    "test_every_directory_above_has_the_execute_bit": (
        "instances-path-is-passable",
        "instances-path-itself-is-passable",
    ),
    "test_it_is_mounted_safely": (
        "instances-mount-is-read-write",
        "instances-mount-is-the-only-one",
    ),
    "test_it_is_mounted_as_fstab_says": (
        "instances-path-is-mounted",
        "instances-path-is-mounted-over-servers",
        "instances-mount-is-persistent",
        "instances-mount-is-automatic",
        "instances-mount-is-what-fstab-says",
    ),
    "test_options_are_those_of_the_first_node": (
        "nova-conf-is-readable",
        "nova-conf-is-well-formed",
        "images-types-differ",
        "schemes-differ",
        "cpu-modes-differ",
        "instances-path-agrees",
    ),
    "test_every_node_mounts_the_same": ("hosts-share-storage",),
    "test_the_directory_is_novas": (
        "instances-path-exists",
        "instances-path-owner-is-nova",
        "shared-directory-is-novas",
    ),
    "test_nova_may_write_there": ("instances-path-is-writable",),
    "test_nova_may_use_libvirt": ("nova-may-use-libvirt",),
    "test_consoles_listen_where_servers_arrive": (
        "vnc-listens-elsewhere",
        "vnc-listens-on-a-name",
    ),
    "test_the_firewall_lets_libvirt_in": (
        "destination-is-reachable",
        "libvirt-port-rejected",
        "libvirt-port-dropped",
        "firewall-without-libvirt",
        "libvirt-port-iptables",
        "libvirt-port-source",
    ),
    "test_the_firewall_lets_servers_in": ("data-ports-dropped",),
    "test_libvirt_of_other_nodes_answers": (
        "libvirt-lets-nova-in",
        "libvirt-asks-for-a-login-by-default",
        "destination-libvirt-answers",
    ),
}


def expected(fault):
    """Return the test of the guide that detects a fault, or None."""
    return next(
        (test for test, keys in SEEN_BY.items() if fault.key in keys), None
    )


def failures(lab):
    """Run the tests of the guide and return the names of those that fail.

    :raises RuntimeError: they could not be run.
    """
    config = lab.kept_config if lab.kind == "vm" else lab.ssh_config
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "validators/guide", "-q"),
            *("-rfE", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--hosts=HostB,HostC", "--storage-hosts=HostA"),
            f"--ssh-config={config}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    return set(_FAILED.findall(done.stdout))
