"""Records what a lab answers, for the unit tests of replaced answers.

usage: python -m functional_tests.node_faults.record [FAULT ...]

Takes a lab of containers that is up (python -m testbed.nodes up). Each fault
is brought about, all nodes are asked as root and as a user without rights,
and the fault is fixed. Then the same without a tool, healthy and with a few
faults at once. Without FAULT: those of _CHOSEN.
"""

import json
import lzma
import pathlib
import shutil
import sys
import tempfile

from functional_tests.node_faults import faults
from functional_tests.node_faults.lab import ROLES, do, judge
from osc_migrate.checks.findings import Status
from osc_migrate.facts import Unread
from osc_migrate.nodes import remedies
from osc_migrate.nodes.collect import survey
from osc_migrate.nodes.transport.inventory import resolve
from osc_migrate.nodes.transport.sessions import Sessions
from testbed.cloud.processes import ROOT
from testbed.nodes import Lab, LabError

FILE = ROOT / "osc_migrate/tests/unit/nodes/recorded.json.xz"
USER = "visitor"
TOOLS = ("awk", "openssl", "ss", "systemctl", "getent", "busybox")
# One for most checks; a survey takes its time.
_CHOSEN = """
nova-conf-is-well-formed vnc-listens-elsewhere migration-ports-are-sane
migration-ports-are-free migration-address-is-reachable migration-ports-agree
qemu-forces-no-tls names-stale host-uuids-differ machine-ids-differ
libvirt-lets-nova-in inbound-of-another qemu-gid-agrees qemu-uid-agrees
nova-uid-agrees sshd-lets-nova-in iscsi-initiators-are-unique
nvme-hosts-are-unique destination-knows-machine-type tls-keys-are-private
tls-server-certificate-is-in-date qemu-tls-files-are-readable
libvirt-runs libvirt-answers libvirt-starts-at-boot
libvirt-listens-on-loopback libvirt-listens-after-boot
hosts-file-agrees-with-itself host-name-is-not-loopback my-ip-is-local
mtu-agrees instances-path-owner-is-nova instances-path-is-writable
instances-path-is-passable instances-path-is-mounted
instances-mount-is-persistent instances-mount-is-read-write
nova-may-use-libvirt nova-user-exists no-timeout bandwidth-too-low
service-user-token-is-sent schemes-differ cpu-modes-differ
hosts-can-post-copy destination-has-as-new-a-qemu ceph-secret-missing
libvirt-port-dropped data-ports-half-open nova-key-missing host-key-unknown
destination-has-huge-pages security-modules-agree architectures-agree
kvm-is-available moves-at-once-are-few memory-is-available
"""
# One of each subject that hide nothing of each other: a broken lab.
BROKEN = (
    "migration-ports-agree",
    "machine-ids-differ",
    "qemu-uid-agrees",
    "libvirt-starts-at-boot",
    "service-user-token-is-sent",
)
# What differs with every survey, whatever the fault.
NOISE = ("system.clock", "system.here", "reach.silence")
_SETUP = f"""
id {USER} >/dev/null 2>&1 || useradd -m {USER}
mkdir -p /home/{USER}/.ssh
cp /root/.ssh/authorized_keys /home/{USER}/.ssh/
chown -R {USER}: /home/{USER}/.ssh
"""
_HIDE = 'path=$(readlink -f "$(command -v %s)") && mv "$path" "$path.gone"'
_SHOW = (
    'path=$(find /usr -xdev -name \'*.gone\') && mv "$path" "${path%.gone}"'
)
_BUSYBOX = """
mkdir -p /opt/busybox && cat >/opt/busybox/busybox </opt/busybox.in &&
chmod 755 /opt/busybox/busybox && cd /opt/busybox && ./busybox --install -s .
cp -n /etc/environment /etc/environment.kept 2>/dev/null
echo PATH=/opt/busybox:/usr/sbin:/usr/bin:/sbin:/bin >/etc/environment
"""
_NO_BUSYBOX = (
    "mv /etc/environment.kept /etc/environment || : >/etc/environment"
)


class Recorder:
    def __init__(self, lab, folder):
        self._lab = lab
        text = lab.ssh_config.read_text()
        self._configs = {"root": folder / "root", "user": folder / "user"}
        self._configs["root"].write_text(text)
        self._configs["user"].write_text(
            text.replace("User root", f"User {USER}")
        )

    def look(self, login):
        targets = resolve(
            dict.fromkeys(ROLES), ssh_config=str(self._configs[login])
        )
        with Sessions(targets) as sessions:
            found = survey(sessions, ROLES)
        if found.lost:
            raise RuntimeError(f"lost: {found.lost}")
        return found


def bad(found):
    """{(check, subject)} that fail or warn."""
    return {
        (f.check, f.subject)
        for f in judge(found)
        if f.status in (Status.WARN, Status.FAIL)
    }


def plain(answer):
    if isinstance(answer, Unread):
        return {"unread": answer.reason}
    return {"status": answer.status, "out": answer.out, "err": answer.err}


def kept(found, healthy):
    """Node -> what it answered that is not as on the healthy lab."""
    changed = {}
    for name, answers in found.answers.items():
        before = healthy.answers[name]
        # None: it was not asked.
        changed[name] = dict.fromkeys(before.keys() - answers.keys()) | {
            key: plain(answer)
            for key, answer in answers.items()
            if key not in NOISE and answer != before.get(key)
        }
    return {name: answers for name, answers in changed.items() if answers}


def write(data):
    # Not where this machine keeps the lab.
    text = json.dumps(data, sort_keys=True).replace(str(ROOT), "/lab")
    text = text.replace(str(pathlib.Path.home() / ".cache"), "/cache")
    preset = 9 | lzma.PRESET_EXTREME
    FILE.write_bytes(lzma.compress(text.encode(), preset=preset))


def play(recorder, lab, fault, healthy):
    """:returns: its answers as root and as a user."""
    do(lab, fault.node, fault.inject)
    try:
        root, user = recorder.look("root"), recorder.look("user")
    finally:
        if fault.by_hand:
            do(lab, fault.node, fault.by_hand)
        else:
            found = judge(root)
            for node, script in remedies.scripts(found).items():
                do(lab, node, script)
        do(lab, fault.node, fault.undo)
    return {
        "root": kept(root, healthy["root"]),
        "user": kept(user, healthy["user"]),
    }


def everywhere(lab, script):
    for node in ROLES:
        do(lab, node, script)


def without(recorder, lab, tool):
    """The lab as root, without a tool."""
    if tool == "busybox":
        for node in ROLES:
            busybox = pathlib.Path(shutil.which("busybox")).read_bytes()
            lab.put(node, "/opt/busybox.in", busybox)
        everywhere(lab, _BUSYBOX)
    else:
        everywhere(lab, _HIDE % tool)
    try:
        return recorder.look("root")
    finally:
        everywhere(lab, _NO_BUSYBOX if tool == "busybox" else _SHOW)


def main():
    named = {fault.key: fault for fault in faults.of("nspawn")}
    lab = Lab(ROOT / ".nodes")
    changes = {}
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(lab, pathlib.Path(folder))
        everywhere(lab, _SETUP)
        healthy = {login: recorder.look(login) for login in ("root", "user")}
        print("healthy:", bad(healthy["root"]), bad(healthy["user"]))
        data = {
            "healthy": {
                login: {
                    name: {key: plain(one) for key, one in answers.items()}
                    for name, answers in found.answers.items()
                }
                for login, found in healthy.items()
            },
            "changes": changes,
        }
        for fault in map(named.__getitem__, sys.argv[1:] or _CHOSEN.split()):
            try:
                changes[fault.key] = play(recorder, lab, fault, healthy)
            except (OSError, RuntimeError, LabError) as error:
                print(f"== {fault.key}: {type(error).__name__} {error}")
                lab.reset(fault.node)
                do(lab, fault.node, _SETUP)
            print(fault.key, flush=True)
            write(data)
        for name, found in tools(recorder, lab, named):
            changes[name] = {"root": kept(found, healthy["root"])}
            print(name, sorted(bad(found)), flush=True)
            write(data)


def tools(recorder, lab, named):
    """The lab without each tool, healthy and broken."""
    for tool in TOOLS:
        yield f"healthy without {tool}", without(recorder, lab, tool)
    for key in BROKEN:
        do(lab, named[key].node, named[key].inject)
    yield "broken", recorder.look("root")
    for tool in TOOLS:
        yield f"broken without {tool}", without(recorder, lab, tool)


if __name__ == "__main__":
    main()
