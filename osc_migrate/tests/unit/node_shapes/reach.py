from osc_migrate.model.node.reach import Reach


def healthy(name, peer, **changes):
    return Reach(**changes)
