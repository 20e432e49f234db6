"""An API that sends requests on to another server, over real sockets."""

import contextlib
import http.server
import json
import threading

import openstack
import pytest

from osc_migrate import errors
from osc_migrate.cloud import redirects
from osc_migrate.cloud.cloud import Cloud

REDIRECTS = [300, 301, 302, 303, 304, 305, 307, 308]


class Server(http.server.ThreadingHTTPServer):
    """Answers each request with `status` and `location`; keeps them all."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.location = None
        self.status = 200
        # Nova redirects this one to the same path with a slash.
        self.discovery_location = None

    @property
    def url(self):
        return "http://127.0.0.1:{1}".format(*self.server_address)


class Handler(http.server.BaseHTTPRequestHandler):
    def _answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        self.server.requests.append(
            (
                self.command,
                self.path,
                self.headers.get("X-Auth-Token"),
                self.rfile.read(size),
            )
        )
        if self.path.rstrip("/") == "/v2.1":
            if self.path == "/v2.1" and self.server.discovery_location:
                return self._send(302, self.server.discovery_location)
            return self._send(200, None, version(self.server.url))
        return self._send(self.server.status, self.server.location)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _send(self, status, location, body=None):
        data = json.dumps(body or {}).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 304:
            self.wfile.write(data)

    def log_message(self, *_):
        pass


def version(url):
    return {
        "version": {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.104",
            "min_version": "2.1",
            "links": [{"rel": "self", "href": f"{url}/v2.1/"}],
        }
    }


@contextlib.contextmanager
def serving():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


@pytest.fixture
def nova():
    with serving() as server:
        yield server


@pytest.fixture
def elsewhere():
    with serving() as server:
        yield server


@pytest.fixture
def api(nova):
    connection = openstack.connection.Connection(
        auth_type="admin_token",
        auth={"endpoint": f"{nova.url}/v2.1", "token": "s3cret"},
        compute_endpoint_override=f"{nova.url}/v2.1",
    )
    return Cloud(connection).nova


CALLS = {
    "GET": lambda api: api.get("/servers/1", "show a server"),
    "POST": lambda api: api.post("/servers/1/action", "move it", {"a": 1}),
    "PUT": lambda api: api.put("/os-services/1", "disable it", {"a": 1}),
    "DELETE": lambda api: api.delete("/ports/1", "delete a binding"),
}


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", CALLS)
def test_no_redirect_is_followed(api, nova, elsewhere, method, status):
    nova.status = status
    nova.location = f"{elsewhere.url}/v2.1/collect?token=abc"
    with pytest.raises(errors.ApiError) as caught:
        CALLS[method](api)
    assert elsewhere.requests == []
    # The request itself went out once, with the token.
    sent = [r for r in nova.requests if r[0] == method and r[1] > "/v2.1/"]
    assert [(r[0], r[2]) for r in sent] == [(method, "s3cret")]
    assert caught.value.status == status
    assert f"{nova.url} redirects the request to {elsewhere.url};" in str(
        caught.value
    )
    assert "openstack endpoint set --url" in str(caught.value)
    assert "collect" not in str(caught.value)


@pytest.mark.parametrize("method", CALLS)
def test_nor_within_the_same_server(api, nova, method):
    nova.status = 307
    nova.location = "/v2.1/elsewhere"
    with pytest.raises(errors.ApiError, match=f"the request to {nova.url};"):
        CALLS[method](api)
    assert not [r for r in nova.requests if "elsewhere" in r[1]]


def test_a_redirect_is_not_tried_again(nova, api):
    nova.status = 301
    nova.location = "/v2.1/elsewhere"
    api.tries = 3
    with pytest.raises(errors.ApiError):
        api.get("/servers/1", "show a server")
    assert len([r for r in nova.requests if "servers" in r[1]]) == 1


def test_a_redirect_without_a_location(api, nova):
    nova.status = 302
    with pytest.raises(errors.ApiError, match="an address that it does not"):
        api.get("/servers/1", "show a server")


def test_discovery_follows_redirects_without_the_token(api, nova):
    # Nova itself redirects /v2.1 to /v2.1/.
    nova.discovery_location = f"{nova.url}/v2.1/"
    assert api.version == "2.104"
    assert ("GET", "/v2.1/", None, b"") in nova.requests


def test_discovery_elsewhere_gets_neither_token_nor_requests(
    api, nova, elsewhere
):
    nova.discovery_location = f"{elsewhere.url}/v2.1/"
    api.get("/servers/1", "show a server")
    assert {(r[0], r[2]) for r in elsewhere.requests} <= {("GET", None)}
    assert not [r for r in elsewhere.requests if "servers" in r[1]]
    assert [r[2] for r in nova.requests if "servers" in r[1]] == ["s3cret"]


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://u:pass@evil.test:8/x?token=y#z", "https://evil.test:8"),
        ("//evil.test/x", "http://evil.test"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80"),
        ("http://a:b:c:99999/", "an address that is not a URL"),
        ("http://[", "an address that is not a URL"),
        ("mailto:x", "an address that is not a URL"),
        ("http://ev\u202eil\x1b2J/", "http://ev\\u202eil\\x1b2j"),
    ],
)
def test_only_the_origin_is_shown(url, shown):
    assert redirects.origin(url, "http://nova.test/v2.1") == shown


def test_a_long_origin_is_cut():
    assert len(redirects.origin("http://" + "a" * 10**6)) == 200
