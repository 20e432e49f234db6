"""The steps of Nova's guide to live migration, as tests of testinfra.

::

    pytest validators/guide --hosts=HostB,HostC --storage-hosts=HostA

They are a second witness: another reading of the same nodes, which shares no
code with the checks. Copy one, change it, add your own.
"""
