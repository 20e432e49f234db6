"""The steps of Nova's live migration guide, as testinfra tests.

::

    pytest validators/guide --hosts=HostB,HostC --storage-hosts=HostA

They are a second witness: they read the same nodes but share no code with the
checks. Copy one, change it, add your own.
"""
