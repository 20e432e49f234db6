"""The directory of the instances, and what is mounted there."""

import ipaddress
import pathlib

import pytest

from .conftest import addresses_of, name_of, options_of


def fstab(node, path):
    """The fields of the line for that directory; none without one."""
    for line in node.file("/etc/fstab").content_string.splitlines():
        fields = line.split()
        if not line.startswith("#") and fields[1:2] == [path]:
            return fields
    return []


def served(mount):
    """'HostA:/srv' and 'HostA:/srv/' are one directory."""
    return mount.device.rstrip("/")


def test_the_directory_is_novas(host, instances):
    directory = host.file(instances)
    assert directory.is_directory
    assert directory.user == "nova"


def test_nova_may_write_there(host, instances):
    if not host.file(instances).is_directory or not host.user("nova").exists:
        pytest.skip("another test says why")
    result = host.run("runuser -u nova -- test -w %s", instances)
    assert result.succeeded, "read-only, or not permitted"


def test_every_directory_above_has_the_execute_bit(host, instances):
    for path in (instances, *map(str, pathlib.PurePath(instances).parents)):
        if host.file(path).exists:
            assert host.file(path).mode & 0o001, path


def test_it_is_mounted_as_fstab_says(host, instances):
    mount, fields = host.mount_point(instances), fstab(host, instances)
    if not fields and not mount.exists:
        pytest.skip("a local directory")
    unit = instances.strip("/").replace("-", r"\x2d").replace("/", "-")
    if not fields and host.service(f"{unit}.mount").is_enabled:
        pytest.skip("a unit of systemd mounts it")
    assert fields, f"{instances} is not in fstab: gone after a reboot"
    assert mount.exists, f"{instances} is in fstab, and not mounted"
    assert served(mount) == fields[0].rstrip("/")
    assert "noauto" not in fields[3].split(",")


def test_it_is_mounted_safely(host, instances):
    mount = host.mount_point(instances)
    if not mount.exists:
        pytest.skip("a local directory")
    assert "rw" in mount.options
    assert "soft" not in mount.options
    mounts = [m.path for m in host.mount_point.get_mountpoints()]
    assert mounts.count(instances) == 1, "something is mounted over it"


def test_every_node_mounts_the_same(host, first, instances):
    expected = options_of(first)("DEFAULT", "instances_path", instances)
    assert instances == expected, f"{name_of(first)} has another"
    mount, first_mount = (
        host.mount_point(instances),
        first.mount_point(instances),
    )
    assert mount.exists == first_mount.exists
    if mount.exists:
        assert served(mount) == served(first_mount)
        assert mount.filesystem == first_mount.filesystem
        versions = [
            [option for option in m.options if option.startswith("vers=")]
            for m in (mount, first_mount)
        ]
        assert versions[0] == versions[1]


def test_the_nfs_server_exports_it(storage, first, computes):
    path = options_of(first)("DEFAULT", "instances_path", "")
    mount = first.mount_point(path or "/var/lib/nova/instances")
    if not (mount.exists and mount.filesystem.startswith("nfs")):
        pytest.skip("the instances are not on NFS")
    assert storage.service("nfs-server").is_running
    exports = storage.check_output("exportfs -s").splitlines()
    assert exports, "nothing is exported"
    for name, node in computes.items():
        lines = [line for line in exports if _names(line, addresses_of(node))]
        assert lines, f"nothing is exported to {name}"
        for option in ("rw", "sync", "no_root_squash", "no_all_squash"):
            assert option in _options(lines[0]), f"{name}: not {option}"


def test_the_export_is_written_down(storage):
    if not storage.service("nfs-server").is_running:
        pytest.skip("no NFS server runs")
    written = [
        line
        for line in storage.file("/etc/exports").content_string.splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert written or storage.file("/etc/exports.d").listdir()


def _options(line):
    """Of '/srv 10.77.0.0/24(rw,sync,...)', as exportfs -s prints it."""
    return line.rpartition("(")[2].rstrip(")").split(",")


def _names(line, addresses):
    client = line.split(maxsplit=1)[1].partition("(")[0].strip()
    if client in ("*", "<world>"):
        return True
    try:
        network = ipaddress.ip_network(client, strict=False)
    except ValueError:  # a name
        return False
    return any(ipaddress.ip_address(a) in network for a in addresses)
