"""Checks of osc_migrate/model/node/tls.py"""

from osc_migrate.checks.check import Check

NODE: tuple[Check, ...] = ()
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = ()
