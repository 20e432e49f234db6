"""Each check against the embedded cloud: one fault, one finding.

``servers.py``, ``guests.py``, ``destinations.py`` and ``clouds.py`` list what
is wrong, and ``faults.py`` all of it in the order of the checks. ``lab.py`` is
the cloud where all of that is so at once, each fault on a server or host of
its own, and ``table.py`` writes the table in the documentation.
"""
