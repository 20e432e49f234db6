"""Redirects, which are never followed.

keystoneauth repeats a redirected request unchanged, a POST as a POST, with
the user's token, at whichever address the response names. No service used here
redirects requests to its catalog endpoint.
"""

import urllib.parse

import requests

from osc_migrate.text import printable

# Maximum length of an address in a message.
_WIDEST = 200


def is_redirect(answer: requests.Response) -> bool:
    """Return True for every 3xx: none of them answers a request."""
    return 300 <= answer.status_code < 400


def explanation(answer: requests.Response) -> str:
    """Return the address, the target of the redirect, and the fix."""
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
    """Return scheme, host and port of a URL, safe to print.

    User name and password are secrets, and the rest may contain one.

    :param base: base of a relative URL.
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
