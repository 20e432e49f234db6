"""Response bodies, limited in size and in time.

requests applies its timeout to each chunk, so a service that sends a byte a
minute would block a command forever; nor does it limit the size.
"""

import time

import requests
import urllib3

# 1,000 servers with the largest user data that Nova accepts are 64 MB.
MAX_BYTES = 128 * 1024**2
_PIECE = 64 * 1024


class Unbearable(requests.RequestException):
    """The response is too large, or takes too long."""


def content(answer: requests.Response, seconds: float) -> bytes:
    """Return the decompressed body.

    :param answer: of a request made with ``stream``.
    :param seconds: limit from the headers to the end of the body.
    :raises RequestException: the connection broke, or :class:`Unbearable`.
    """
    end = time.monotonic() + seconds
    received = bytearray()
    # read1() returns what has arrived; read() waits for a full chunk, so
    # before urllib3 2.1 the time limit is checked less often.
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
        # The rest must not be taken for the next response.
        answer.close()
        raise
    # With --debug, keystoneauth has already read it for its log.
    return bytes(received) or answer.content
