from osc_migrate.model.node.volumes import Volumes


def healthy(name, **changes):
    return Volumes(**changes)
