"""What must hold on the nodes before servers can move, as a pytest suite.

Made for a validation before an upgrade::

    pytest validators --hosts=HostB,HostC -n auto
"""
