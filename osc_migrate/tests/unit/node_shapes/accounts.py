from osc_migrate.model.node.accounts import Accounts


def healthy(name, **changes):
    return Accounts(**changes)
