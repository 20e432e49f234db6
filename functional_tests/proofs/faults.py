"""What is wrong where: the faults of servers, hosts and whole clouds.

In the order of the checks.
"""

from functional_tests.proofs import clouds, destinations, guests, servers

MOVES = (*servers.FAULTS, *guests.FAULTS, *destinations.FAULTS)
CLOUDS = clouds.FAULTS
ALL = (*MOVES, *CLOUDS)
