from osc_migrate.model.node.tls import Tls


def healthy(name, **changes):
    return Tls(**changes)
