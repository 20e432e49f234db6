from osc_migrate.model.node.libvirt import Libvirt


def healthy(name, **changes):
    return Libvirt(**changes)
