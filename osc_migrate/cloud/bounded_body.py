"""The body of an answer, bounded in size and in time.

requests waits for each piece anew, so a service that sends a byte a minute
would hold a command for ever; and it keeps whatever comes.
"""

import time

import requests
import urllib3

# 1,000 servers with the largest user data that Nova takes are 64 MB.
MAX_BYTES = 128 * 1024**2
_PIECE = 64 * 1024


class Unbearable(requests.RequestException):
    """The answer is too large, or takes too long."""


def content(answer: requests.Response, seconds: float) -> bytes:
    """What was sent, decompressed.

    :param answer: of a request that was made with ``stream``.
    :param seconds: from its head to its end.
    :raises RequestException: the connection broke, or :class:`Unbearable`.
    """
    end = time.monotonic() + seconds
    received = bytearray()
    # What has arrived: read() waits until a piece is full, so before
    # urllib3 2.1 the bound on time is looked at less often.
    read = getattr(answer.raw, "read1", answer.raw.read)
    try:
        while piece := read(_PIECE, decode_content=True):
            received += piece
            if len(received) > MAX_BYTES:
                raise Unbearable(
                    f"the answer is larger than {MAX_BYTES >> 20} MiB"
                )
            if time.monotonic() > end:
                raise Unbearable(
                    f"the answer was not complete after {seconds:g} s"
                )
    except urllib3.exceptions.HTTPError as error:
        answer.close()
        raise requests.ConnectionError(f"no whole answer: {error}") from error
    except Unbearable:
        # What is still to come must not be taken for another answer.
        answer.close()
        raise
    # With --debug keystoneauth has read it already, to log it.
    return bytes(received) or answer.content
