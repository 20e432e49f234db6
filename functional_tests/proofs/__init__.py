"""Each check against the embedded cloud: one fault, one finding.

``faults.py`` lists what is wrong with which server or host, ``lab.py`` is
the cloud where all of that is so at once, each fault on a server or host of
its own, and ``table.py`` writes the table in the documentation.
"""
