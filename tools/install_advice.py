"""Prints what to set after pip or uv could not install something.

usage: python tools/install_advice.py LOG
"""

import pathlib
import re
import sys

_LOGIN = "http://USER:PASSWORD@HOST:PORT"
#: what pip, uv and the libraries below them print: what to set
_CASES = (
    (
        r"407|Proxy Authentication Required|proxy authentication",
        "the proxy wants a login: export HTTPS_PROXY=" + _LOGIN,
    ),
    (
        r"UnknownIssuer|CERTIFICATE_VERIFY_FAILED|certificate verify failed|"
        r"self[- ]signed|unable to get local issuer|invalid peer certificate",
        "the certificate of the index is not trusted; when a proxy inspects"
        " TLS, name the file with its authority: export PIP_CERT=FILE",
    ),
    (
        r"40[13] (Client Error|Unauthorized|Forbidden)|Unauthorized|"
        r"status code \(?40[13]|HTTP error 40[13]|Permission denied \(40",
        "the index wants a login: export"
        " PIP_INDEX_URL=https://USER:TOKEN@HOST/simple, or use ~/.netrc",
    ),
    (
        r"No space left|Disk quota",
        "no space is left here or in the temporary directory: export"
        " TMPDIR=DIRECTORY",
    ),
    (
        r"proxy",
        "the proxy does not answer: correct or unset HTTPS_PROXY and"
        " PIP_PROXY",
    ),
    (
        r"dns error|Name or service not known|name resolution|"
        r"getaddrinfo failed|Connection refused|timed out|timeout|"
        r"Network is unreachable|Failed to connect|No route to host|"
        r"error sending request",
        "the index cannot be reached; behind a proxy: export"
        " HTTPS_PROXY=http://HOST:PORT; with a mirror: export"
        " PIP_INDEX_URL=https://HOST/simple; when it is slow: export"
        " PIP_DEFAULT_TIMEOUT=120",
    ),
    (
        r"No matching distribution|not found in the package registry|"
        r"no versions? of|No solution found",
        "the index lacks a package, or did not answer; name another one:"
        " export PIP_INDEX_URL=https://HOST/simple, or one beside it:"
        " PIP_EXTRA_INDEX_URL; with files: PIP_FIND_LINKS=DIRECTORY",
    ),
)
OTHERWISE = (
    "it uses the index, certificates and proxy of pip ('pip config list'):"
    " PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY"
)


def advice(log: str) -> str:
    """What to set, by the first case that is in it."""
    for pattern, text in _CASES:
        if re.search(pattern, log, re.IGNORECASE):
            return text
    return OTHERWISE


if __name__ == "__main__":
    print(advice(pathlib.Path(sys.argv[1]).read_text(errors="replace")))
