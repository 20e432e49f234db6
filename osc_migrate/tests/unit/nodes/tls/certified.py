"""Two nodes that use TLS, and one of them changed."""

from osc_migrate.tests.unit.nodes.shapes import config, libvirt, node
from osc_migrate.tests.unit.nodes.shapes.tls import healthy, store

TLS = {
    "libvirt__live_migration_scheme": "tls",
    "libvirt__live_migration_with_native_tls": "true",
}
PLAIN = {"libvirt__live_migration_scheme": "tcp"}
PLACE = "/etc/pki/libvirt/servercert.pem"


def c(options=TLS, remote=None, qemu=None, version=(9, 0, 0), **changes):
    """Two nodes that use TLS, HostC changed.

    :param changes: fields of Tls.
    """
    conf = libvirt.healthy("HostC")
    return [
        node(
            name,
            config=config.healthy(name, **options),
            libvirt=libvirt.healthy(
                name,
                remote=conf.remote | (remote or {}),
                qemu=dict(conf.qemu) | (qemu or {}),
                version=version,
            ),
            tls=healthy(name, **(changes if name == "HostC" else {})),
        )
        for name in ("HostB", "HostC")
    ]


def of(**changes):
    """HostC's files of libvirt changed."""
    return c(libvirt=store("HostC", **changes))
