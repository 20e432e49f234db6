"""Reads libvirt itself: how far a migration is, twice a second.

Through libvirt's own Python module where it is there (extra ``libvirt``),
which costs one login and no process a reading; else with virsh in a shell
of ours. Both read, and can do nothing else.
"""
