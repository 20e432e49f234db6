"""What must hold on the nodes before servers can move, as a pytest suite.

Made for a validation before an upgrade::

    pytest validators --hosts=HostB,HostC -n auto

The wheel has it as ``osc_migrate.validators``: see :mod:`.plugin`.
"""

import warnings

with warnings.catch_warnings():
    # 'pytest -W error' is for findings, not for what the libraries below say
    # of their own next versions.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import osc_migrate.nodes.node_report  # noqa: F401
