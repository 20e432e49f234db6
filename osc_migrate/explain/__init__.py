"""Why a move ended as it did: record, request and steps, put together.

``why`` reads and asks ``joiner``, which is pure: ``attempts`` matches records
to requests, ``steps`` finds how far it came and where it failed, ``evidence``
what was said and the known cause, ``standing`` what is true now.
"""
