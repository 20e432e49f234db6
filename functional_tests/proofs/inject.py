"""Brings faults about, of whatever subject.

The functions get a :class:`lab.Lab` and the name of the server or host.
"""


def columns(**values):
    """Columns of the server's row in Nova's database."""
    return lambda lab, name: lab.edits.server(lab.id(name), **values)


def silent(lab, name):
    """The host is not heard of any more."""
    lab.silence(name)
