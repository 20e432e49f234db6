"""The files of a compute node: those of Nova, libvirt and QEMU."""

from testbed.nodes.cluster import ADDRESSES, CONTROLLER, INSTANCES
from testbed.nodes.layer import Layer
from testbed.nodes.people import NOVA
from testbed.nodes.secrets import Secrets

_LIBVIRT_QEMU = 64055  #: uid and gid, fixed by Debian

_NOVA_CONF = """\
[DEFAULT]
host = {name}
my_ip = {address}
state_path = {home}
instances_path = {instances}
{more}

[vnc]
enabled = true
server_listen = 0.0.0.0
server_proxyclient_address = {address}

[libvirt]
virt_type = qemu
cpu_mode = none
images_type = qcow2
live_migration_scheme = tcp
live_migration_inbound_addr = {address}
live_migration_permit_post_copy = true
live_migration_timeout_action = abort
"""
_TRANSPORT = "transport_url = rabbit://nova:rabbit-secret@{controller}:5672/"
_LOGINS = """
[service_user]
send_service_user_token = true
auth_type = password
auth_url = http://{controller}:5000/v3
username = nova
password = keystone-secret
project_name = service
user_domain_name = Default
project_domain_name = Default

[keystone_authtoken]
auth_type = password
auth_url = http://{controller}:5000/v3
www_authenticate_uri = http://{controller}:5000/v3
username = nova
password = keystone-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
"""

_LIBVIRTD_CONF = """\
host_uuid = "{host_uuid}"
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_rw = "none"
auth_tcp = "none"
auth_tls = "none"
"""

#: remember_owner is off: the shared directory cannot store the extended
#: attributes that it needs.
_QEMU_CONF = """\
security_driver = "none"
stdio_handler = "file"
remember_owner = 0
migration_port_min = 49152
migration_port_max = 49261
default_tls_x509_cert_dir = "/etc/pki/qemu"
default_tls_x509_verify = 1
"""


def nova_conf(name: str, more: str) -> str:
    """Return nova.conf of a compute node, with its addresses and [libvirt].

    :param more: further lines for the section DEFAULT
    """
    return _NOVA_CONF.format(
        name=name,
        address=ADDRESSES[name],
        home=NOVA.home,
        instances=INSTANCES,
        more=more,
    )


def write(layer: Layer, name: str, secrets: Secrets) -> None:
    """Add these files to a node's layer."""
    own = secrets.nodes[name]
    nova = nova_conf(name, _TRANSPORT.format(controller=CONTROLLER))
    nova += _LOGINS.format(controller=CONTROLLER)
    layer.write("/etc/nova/nova.conf", nova, 0o640, (0, NOVA.gid))
    libvirtd = _LIBVIRTD_CONF.format(host_uuid=own.host_uuid)
    layer.write("/etc/libvirt/libvirtd.conf", libvirtd)
    layer.write("/etc/libvirt/qemu.conf", _QEMU_CONF, 0o600)
    _certificates(layer, name, secrets)


def _certificates(layer: Layer, name: str, secrets: Secrets) -> None:
    own = secrets.nodes[name]
    pem, key = own.certificate, own.certificate_key
    layer.write("/etc/pki/CA/cacert.pem", secrets.ca.pem)
    layer.directory("/etc/pki/libvirt/private", 0o700)
    layer.write("/etc/pki/qemu/ca-cert.pem", secrets.ca.pem)
    for end in ("server", "client"):
        layer.write(f"/etc/pki/libvirt/{end}cert.pem", pem)
        layer.write(f"/etc/pki/libvirt/private/{end}key.pem", key, 0o600)
        layer.write(f"/etc/pki/qemu/{end}-cert.pem", pem)
        layer.write(
            f"/etc/pki/qemu/{end}-key.pem", key, 0o640, (0, _LIBVIRT_QEMU)
        )
