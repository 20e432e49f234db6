"""Redirects, which are never followed.

keystoneauth sends a redirected request again as it was: a POST as a POST,
with the user's token, to whichever address the answer names. No service that
we use redirects a request to the endpoint that the catalog has for it.
"""

import urllib.parse

import requests

from osc_migrate.text import printable

# Characters of an address in a message.
_WIDEST = 200


def is_redirect(answer: requests.Response) -> bool:
    """True for every 3xx: none of them is an answer to what we asked."""
    return 300 <= answer.status_code < 400


def explanation(answer: requests.Response) -> str:
    """Where the request went, where it was sent on to, and what to fix."""
    requested = origin(str(answer.url))
    location = answer.headers.get("Location")
    if not location:
        target = "to an address that it does not name"
    else:
        target = f"to {origin(location, str(answer.url))}"
    return (
        f"{requested} redirects the request {target}; redirects are not"
        " followed. Correct the endpoint in the catalog, so that it needs"
        " none: openstack catalog list, openstack endpoint set --url"
    )


def origin(url: str, base: str = "") -> str:
    """Scheme, host and port of a URL, safe to print.

    The rest may hold a secret, and user names and passwords do.

    :param base: what a relative URL is relative to.
    """
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(base, url))
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host:
        return "an address that is not a URL"
    if ":" in host:
        host = f"[{host}]"
    shown = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return printable(shown, _WIDEST)
