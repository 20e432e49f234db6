"""What moves many servers: drains, returns and rebalances, run to their end.

``conftest.py`` brings up a cloud of 20 hosts for all of them.
"""
