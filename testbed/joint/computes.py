"""nova-compute on a node: the real one, with the libvirt driver.

It runs as user nova, from this machine's environment, which is mounted
read-only on the node. It uses sudo for root, as in the packages of
distributions.
"""

import pathlib
import sys

from testbed.cloud import config
from testbed.joint import broker, libvirt_python
from testbed.joint.nodes import do
from testbed.joint.pace import PACES, Pace
from testbed.nodes import Lab, compute_files
from testbed.nodes.cluster import GATEWAY
from testbed.nodes.people import NOVA

_VENV, _LIBVIRT = "/opt/nova", "/opt/libvirt-python"
LOG = "/var/log/nova/nova-compute.log"
UNIT = "nova-compute"

_DEFAULT = """\
log_file = {log}
transport_url = {transport}
compute_driver = libvirt.LibvirtDriver
report_interval = {report_interval}
rpc_response_timeout = {answer}
service_down_time = {down_time}
update_resources_interval = {update_interval}
sync_power_state_interval = -1
heal_instance_info_cache_interval = -1
vif_plugging_timeout = 0
vif_plugging_is_fatal = false
reserved_host_memory_mb = 512
resize_confirm_window = 0
# the guest does not hear when it is asked to shut down
shutdown_timeout = 2
default_log_levels = {log_levels}"""
_MORE = """
[compute]
live_migration_wait_for_vif_plug = false

[image_cache]
manager_interval = -1

[oslo_concurrency]
lock_path = {home}/lock

[oslo_messaging_notifications]
driver = noop
{services}{helpers}"""
_HELPER = f"{_VENV}/bin/python {_VENV}/bin/privsep-helper"
_UNIT = f"""\
[Unit]
Description=OpenStack Nova compute
After=network.target libvirtd.service remote-fs.target
Wants=libvirtd.service

[Service]
User={NOVA.name}
Environment=PYTHONPATH={_LIBVIRT} PYTHONDONTWRITEBYTECODE=1
Environment=PYTHONWARNINGS=ignore
ExecStart={_VENV}/bin/python {_VENV}/bin/nova-compute
# It takes its time to end gracefully; a test would wait for nothing.
KillSignal=SIGKILL
SuccessExitStatus=KILL
"""
_PREPARE = f"""\
set -e
mkdir -p {pathlib.Path(LOG).parent}
chown {NOVA.name}: {pathlib.Path(LOG).parent}
# Where Python lies below root's home, nova has to get there.
path={sys.base_prefix}
while [ "$path" != / ]; do
    chmod a+x "$path" 2>/dev/null || :
    path=$(dirname "$path")
done
"""


def shown() -> dict[str, str]:
    """Return the paths to mount on the nodes: path there, path here."""
    return {
        _VENV: sys.prefix,
        # The environment refers to its Python by this path.
        sys.base_prefix: sys.base_prefix,
        _LIBVIRT: str(libvirt_python.directory()),
    }


def _nova_conf(name: str, ports: dict[str, int], pace: Pace) -> str:
    keystone = config.endpoints(ports, GATEWAY)["keystone"]
    auth = config.auth(keystone, "nova")
    services = ""
    for section in ("placement", "glance", "neutron", "cinder"):
        # The other interfaces are only for this machine (see joint.py).
        services += f"\n[{section}]{auth}valid_interfaces = admin\n"
    services += f"\n[keystone_authtoken]{auth}"
    services += f"\n[service_user]\nsend_service_user_token = true{auth}"
    helpers = "".join(
        f"\n[{section}]\nhelper_command = sudo {_HELPER} "
        "--config-file /etc/nova/nova.conf\n"
        for section in (
            "nova_sys_admin",
            "vif_plug_ovs_privileged",
            "vif_plug_linux_bridge_privileged",
            "privsep_osbrick",
        )
    )
    default = _DEFAULT.format(
        log=LOG,
        transport=broker.url(GATEWAY, ports),
        report_interval=pace.report_interval,
        update_interval=pace.update_interval,
        down_time=pace.down_time,
        answer=pace.answer,
        log_levels=",".join(config.LOG_LEVELS),
    )
    return compute_files.nova_conf(name, default) + _MORE.format(
        home=NOVA.home, services=services, helpers=helpers
    )


def prepare(lab: Lab, name: str, ports: dict[str, int]) -> None:
    """Prepare a booted node as a compute, without starting anything."""
    do(lab, name, _PREPARE)
    nova_conf = _nova_conf(name, ports, PACES[lab.kind])
    lab.put(name, "/etc/nova/nova.conf", nova_conf, 0o640, "root:nova")
    lab.put(name, f"/etc/systemd/system/{UNIT}.service", _UNIT)
    rule = f"{NOVA.name} ALL=(root) NOPASSWD: {_HELPER} *\n"
    lab.put(name, "/etc/sudoers.d/nova", rule, 0o440)


def start(lab: Lab, name: str) -> None:
    """Start nova-compute; Nova shows later whether it works."""
    do(lab, name, f"systemctl daemon-reload && systemctl start {UNIT}")
