"""The network endpoint of a cloud without a network.

Nova queries the network service for every server that it shows.  This WSGI
application returns empty lists of ports, networks and security groups.  Its
version document says that it is a stub, and it refuses to create anything.
"""

import json

_WHAT = (
    "a stub: this cloud has no network service; boot servers with --nic none"
)


def _versions(environ):
    root = f"http://{environ['HTTP_HOST']}/v2.0/"
    return {
        "description": _WHAT,
        "versions": [
            {
                "id": "v2.0",
                "status": "CURRENT",
                "links": [{"rel": "self", "href": root}],
            }
        ],
    }


def _error(kind, message):
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


def _answer(environ):
    parts = environ["PATH_INFO"].strip("/").split("/")
    if environ["REQUEST_METHOD"] != "GET":
        return "501 Not Implemented", _error("NotImplemented", _WHAT)
    if parts == [""]:
        return "200 OK", _versions(environ)
    if len(parts) == 1:
        return "200 OK", {"resources": []}
    if len(parts) == 2:
        collection = parts[1].removesuffix(".json").replace("-", "_")
        return "200 OK", {collection: []}
    return "404 Not Found", _error("NotFound", f"{parts[-1]}: {_WHAT}")


def application(environ, start_response):
    """The WSGI entry point."""
    status, document = _answer(environ)
    body = json.dumps(document).encode()
    start_response(
        status,
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ],
    )
    return [body]
