"""Reads the progress of a migration from libvirt, twice per second.

With libvirt's Python module if it is installed (extra ``libvirt``), which
takes one login and no process for each reading; otherwise with virsh in an
open shell. Both connections are read-only.
"""
