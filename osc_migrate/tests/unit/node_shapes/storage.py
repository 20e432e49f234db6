from osc_migrate.model.node.storage import Storage


def healthy(name, **changes):
    return Storage(**changes)
