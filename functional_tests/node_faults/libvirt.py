"""Faults of osc_migrate/nodes/libvirt"""

from functional_tests.node_faults.fault import NodeFault

_CONF = "/etc/libvirt/libvirtd.conf"
_QEMU = "/etc/libvirt/qemu.conf"
# systemd counts the starts.
_RESTART = "systemctl reset-failed; systemctl restart libvirtd\n"
_STOP = "systemctl stop libvirtd.service 'libvirtd*.socket'\n"
_SOCKETS = (
    "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
    " libvirtd-tcp.socket libvirtd-tls.socket"
)
# libvirtd by itself, as before systemd's sockets.
_ALONE = f"""
{_STOP}
systemctl mask {_SOCKETS}
echo 'LIBVIRTD_ARGS="--listen"' >/etc/default/libvirtd
printf '%s\\n' 'listen_tls = 0' 'listen_tcp = 1' >>{_CONF}
"""
_TOGETHER = f"""
set -e
systemctl stop libvirtd.service
systemctl unmask {_SOCKETS}
echo 'LIBVIRTD_ARGS=""' >/etc/default/libvirtd
sed -i '/^listen_/d' {_CONF}
systemctl daemon-reload
systemctl reset-failed
systemctl enable -q {_SOCKETS}
systemctl start {_SOCKETS}
systemctl start libvirtd.service
"""
_HOLD = """
python3 -c '
import socket, time
def hold(port):
    while True:
        try:
            return socket.create_server(("", port))
        except OSError:
            # The listener of the last survey is just ending, or a connection
            # that left from there is not forgotten yet: a minute.
            time.sleep(0.1)
held = [hold(port) for port in range(49152, 49262)]
open("/run/holding", "w").close()
time.sleep(900)' </dev/null >/dev/null 2>&1 &
echo $! >/run/holder.pid
for try in $(seq 900); do [ -e /run/holding ] && break; sleep 0.1; done
rm /run/holding
"""
_LOOPBACK = "/etc/systemd/system/libvirtd-tcp.socket.d"
_GUEST = """
<domain type='qemu'>
<name>old</name>
<memory>16384</memory>
<os><type machine='pc-i440fx-2.12'>hvm</type></os>
</domain>
"""
# What libvirt remembers of QEMU stands for a QEMU of another version.
_CACHE = "/var/cache/libvirt/qemu/capabilities"
FORGET = f"rm -f {_CACHE}/*.xml; rm -f /usr/local/bin/virsh; {_RESTART}"


def remembered(*edits):
    scripts = " ".join(f"-e '{edit}'" for edit in edits)
    return (
        "set -e; virsh -q version >/dev/null\n"
        f"sed -i {scripts} {_CACHE}/*.xml\n{_RESTART}"
    )


def libvirt_says(release):
    """libvirt of that release, as far as virsh says."""
    return (
        "cat >/usr/local/bin/virsh <<'END'\n#!/bin/sh\n"
        f"/usr/bin/virsh \"$@\" | sed 's/daemon: 9.0.0/daemon: {release}/'\n"
        "END\nchmod 755 /usr/local/bin/virsh"
    )


def _set(file, text):
    """Replaces what a file sets, and lets libvirtd read it."""
    key = text.partition(" ")[0]
    return f"sed -i '/^{key}/d' {file}; echo '{text}' >>{file}\n{_RESTART}"


def _guest_of_old(lab):
    lab.put("HostB", "/root/old.xml", _GUEST)
    lab.run("HostB", "virsh define /root/old.xml")
    lab.run("HostC", remembered("/<machine .*pc-i440fx-2.12/d"))


def _no_guest(lab):
    lab.run("HostB", "virsh undefine old")


def _same_uuid(lab):
    line = lab.run("HostB", f"grep ^host_uuid {_CONF}").stdout.strip()
    lab.run("HostC", _set(_CONF, line))


def _same_machine(lab):
    lab.run("HostC", "cp -p /etc/machine-id /etc/machine-id.own")
    own = lab.run("HostB", "cat /etc/machine-id").stdout.strip()
    lab.run("HostC", f"cat >/etc/machine-id <<'END'\n{own}\nEND")


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "libvirt-runs",
        "libvirt",
        "libvirtd and its sockets are stopped",
        _STOP,
    ),
    NodeFault(
        "libvirt-runs",
        "libvirt",
        "libvirtd and its sockets are masked",
        f"{_STOP} systemctl mask libvirtd.service {_SOCKETS}",
        undo=_TOGETHER,
        name="libvirt-is-masked",
    ),
    NodeFault(
        "libvirt-runs",
        "libvirt",
        "libvirtd is not installed",
        f"{_STOP} systemctl daemon-reload\n"
        "mkdir -p /root/units; mv /lib/systemd/system/libvirtd* /root/units/\n"
        "systemctl daemon-reload",
        by_hand="mv /root/units/* /lib/systemd/system/; systemctl"
        f" daemon-reload; systemctl start {_SOCKETS} libvirtd.service",
        name="libvirt-is-missing",
    ),
    NodeFault(
        "libvirt-flag-fits-its-sockets",
        "libvirt",
        "--listen from an old guide, where systemd listens: libvirtd ends"
        " at once",
        "echo 'LIBVIRTD_ARGS=\"--listen --timeout 120\"' >/etc/default/"
        f"libvirtd; {_RESTART} sleep 1",
        undo="echo 'LIBVIRTD_ARGS=\"\"' >/etc/default/libvirtd;"
        " systemctl restart libvirtd",
    ),
    NodeFault(
        "libvirt-runs",
        "libvirt",
        "qemu.conf holds a mistake: libvirtd does not start",
        f"cp -p {_QEMU} {_QEMU}.good; echo 'user = ' >>{_QEMU}\n"
        f"{_RESTART} sleep 1",
        by_hand=f"mv {_QEMU}.good {_QEMU}; systemctl reset-failed\n"
        f"systemctl start {_SOCKETS} libvirtd.service",
        name="libvirt-fails",
    ),
    NodeFault(
        "libvirt-answers",
        "libvirt",
        "libvirtd hangs",
        "kill -STOP $(systemctl show -P MainPID libvirtd)",
        by_hand="kill -CONT $(systemctl show -P MainPID libvirtd)",
    ),
    NodeFault(
        "libvirt-starts-at-boot",
        "libvirt",
        "neither libvirtd nor a socket of it is enabled",
        f"systemctl disable libvirtd.service {_SOCKETS}",
        status="WARN",
        undo=f"systemctl enable libvirtd.service {_SOCKETS}",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "the socket for other hosts is dead while libvirtd runs, as after a"
        " crash loop",
        "set -e; systemctl stop libvirtd.service libvirtd-tcp.socket"
        " libvirtd-tls.socket\nsystemctl start libvirtd.service",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "the socket for other hosts is masked",
        "set -e; systemctl stop libvirtd.service libvirtd-tcp.socket\n"
        "systemctl mask libvirtd-tcp.socket\n"
        "systemctl start libvirtd.service",
        name="libvirt-socket-is-masked",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "libvirtd listens on the loopback address only",
        f"set -e; mkdir -p {_LOOPBACK}\n"
        "printf '[Socket]\\nListenStream=\\nListenStream=127.0.0.1:16509\\n'"
        f" >{_LOOPBACK}/local.conf\n{_STOP} systemctl daemon-reload\n"
        f"systemctl start {_SOCKETS}; systemctl start libvirtd.service",
        undo=f"rm -rf {_LOOPBACK}; {_STOP} systemctl daemon-reload;"
        f" systemctl start {_SOCKETS}; systemctl start libvirtd.service",
        name="libvirt-listens-on-loopback",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "libvirtd is started with --listen, and listen_tcp is not set",
        f"{_ALONE} sed -i /^listen_tcp/d {_CONF}\n"
        "systemctl start libvirtd.service",
        undo=_TOGETHER,
        name="libvirt-flag-without-listen-tcp",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "the sockets are masked, and libvirtd is not told to listen",
        f"{_ALONE} echo 'LIBVIRTD_ARGS=\"\"' >/etc/default/libvirtd\n"
        "systemctl start libvirtd.service",
        undo=_TOGETHER,
        name="libvirt-without-the-flag",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "libvirtd listens on another port than Nova connects to",
        f"{_ALONE} echo 'tcp_port = \"16510\"' >>{_CONF}\n"
        "systemctl start libvirtd.service",
        undo=f"sed -i /^tcp_port/d {_CONF}\n{_TOGETHER}",
        name="libvirt-on-another-port",
    ),
    NodeFault(
        "libvirt-listens",
        "port",
        "libvirtd listens for TLS only, and Nova connects by TCP",
        "set -e; systemctl stop libvirtd.service libvirtd-tcp.socket\n"
        "systemctl disable -q libvirtd-tcp.socket\n"
        "systemctl start libvirtd.service",
        name="libvirt-listens-for-tls-only",
    ),
    NodeFault(
        "libvirt-listens-after-boot",
        "port",
        "the socket for other hosts is not enabled",
        "systemctl disable libvirtd-tcp.socket",
        status="WARN",
    ),
    NodeFault(
        "libvirt-listens-after-boot",
        "port",
        "libvirtd was started with --listen, which its file has no more",
        f"{_ALONE} systemctl start libvirtd.service\n"
        "echo 'LIBVIRTD_ARGS=\"\"' >/etc/default/libvirtd",
        status="WARN",
        undo=_TOGETHER,
        name="libvirt-flag-is-lost",
    ),
    NodeFault(
        "libvirt-lets-nova-in",
        "libvirt",
        "libvirtd asks for a login by SASL that no node has",
        _set(_CONF, 'auth_tcp = "sasl"'),
        by_hand=_set(_CONF, 'auth_tcp = "none"'),
    ),
    NodeFault(
        "libvirt-lets-nova-in",
        "libvirt",
        "auth_tcp is not set, which means SASL",
        f"sed -i /^auth_tcp/d {_CONF}; {_RESTART}",
        by_hand=_set(_CONF, 'auth_tcp = "none"'),
        name="libvirt-asks-for-a-login-by-default",
    ),
    NodeFault(
        "migration-ports-are-sane",
        "port",
        "first and last port for migrations are swapped: QEMU's driver does"
        " not start",
        f"sed -i -e s/49261/49151/ {_QEMU}; {_RESTART}",
    ),
    NodeFault(
        "migration-ports-are-sane",
        "port",
        "two ports for migrations are not enough",
        f"sed -i -e s/49261/49153/ {_QEMU}; {_RESTART}",
        status="WARN",
        name="migration-ports-are-few",
    ),
    NodeFault(
        "migration-ports-are-free",
        "port",
        "another program holds all ports for migrations",
        _HOLD,
        by_hand="kill $(cat /run/holder.pid)",
    ),
    NodeFault(
        "migration-address-is-reachable",
        "port",
        "QEMU takes guests in on an address that the others are not told",
        _set(_QEMU, 'migration_address = "10.77.0.99"'),
        name="migration-address-is-another",
    ),
    NodeFault(
        "migration-address-is-reachable",
        "port",
        "QEMU takes guests in on the loopback address only",
        _set(_QEMU, 'migration_address = "127.0.0.1"'),
    ),
    NodeFault(
        "migration-ports-agree",
        "port",
        "other ports for migrations than on the other nodes",
        f"sed -i -e s/49152/61152/ -e s/49261/61215/ {_QEMU}; {_RESTART}",
        status="WARN",
        by_hand=f"sed -i -e s/61152/49152/ -e s/61215/49261/ {_QEMU};"
        f" {_RESTART}",
    ),
    NodeFault(
        "destination-has-as-new-a-qemu",
        "version",
        "an older QEMU: servers cannot come from the newer one",
        remembered("s,<version>7002,<version>6002,"),
        by_hand=FORGET,
        beside=("hosts-have-equal-qemu",),
    ),
    NodeFault(
        "destination-has-as-new-a-libvirt",
        "version",
        "an older libvirt",
        libvirt_says("8.0.0"),
        status="WARN",
        by_hand=FORGET,
    ),
    NodeFault(
        "destination-knows-machine-type",
        "version",
        "QEMU does not know the machine types that new servers get elsewhere",
        remembered("/<machine .*pc-i440fx-7.2/d", "/<machine .*q35-7.2/d"),
        status="WARN",
        by_hand=FORGET,
    ),
    NodeFault(
        "destination-knows-machine-type",
        "version",
        "QEMU does not know the machine type of a server elsewhere",
        _guest_of_old,
        by_hand=FORGET,
        undo=_no_guest,
        name="destination-knows-the-servers-machine-type",
    ),
    NodeFault(
        "host-uuids-differ",
        "libvirt",
        "two nodes are copies with one host UUID in libvirt",
        _same_uuid,
    ),
    NodeFault(
        "machine-ids-differ",
        "config",
        "two nodes are copies with one /etc/machine-id",
        _same_machine,
        status="WARN",
        by_hand="cat /etc/machine-id.own >/etc/machine-id",
    ),
)
