from osc_migrate.model.node.system import System

HEALTHY = {"os_id": "debian", "os_like": ()}


def healthy(name, **changes):
    return System(**(HEALTHY | changes))
