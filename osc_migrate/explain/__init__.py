"""Explain the outcome of a move from its record, request and events.

``reader`` reads the APIs and calls ``joiner``, which is pure. ``attempts``
matches records to requests, ``steps`` finds the last phase and the failed
step, ``evidence`` picks the message and the known cause, and
``server_status`` describes the current state of the server and its hosts.
"""
