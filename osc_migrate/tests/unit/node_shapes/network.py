from osc_migrate.model.node.network import Network


def healthy(name, **changes):
    return Network(**changes)
