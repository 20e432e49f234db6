"""A proxy in front of nova-api that injects faults and records requests.

Only the client under test uses it; Nova's own services do not.
"""

import dataclasses
import http.client
import http.server
import json
import socket
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict
    at: float


class Proxy:
    """Forward requests, unless `fault` returns something else to do.

    :ivar fault: called with each Request; returns None to forward it, an
        HTTP status to respond with, 'drop' to close the connection, 'hang'
        never to respond, or 'lose' to forward it but drop the response.
    :ivar requests: all requests received.
    """

    def __init__(self, target):
        self.target = urllib.parse.urlsplit(target)
        self.fault = lambda request: None
        self.requests = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler
        )
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *exc_info):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        port = self._server.server_address[1]
        return f"http://127.0.0.1:{port}{self.target.path}"

    def environment(self, cloud, directory):
        """Return OS_* variables for a client that uses this proxy."""
        config = json.loads(cloud.clouds_yaml.read_text())
        config["clouds"]["admin"]["compute_endpoint_override"] = self.url
        path = directory / "clouds.yaml"
        path.write_text(json.dumps(config))
        return {"OS_CLIENT_CONFIG_FILE": str(path), "OS_CLOUD": "admin"}

    def asked(self, *parts):
        """Return the requests whose path contains one of `parts`."""
        return [r for r in self.requests if any(p in r.path for p in parts)]

    def handle(self, client):
        length = int(client.headers.get("Content-Length") or 0)
        body = client.rfile.read(length)
        request = Request(
            client.command, client.path, dict(client.headers), time.monotonic()
        )
        self.requests.append(request)
        fault = self.fault(request)
        if fault == "drop":
            client.close_connection = True
            client.connection.shutdown(socket.SHUT_RDWR)
        elif fault in ("hang", "lose"):
            if fault == "lose":
                self._forward(client, body)
            client.close_connection = True
            # Block until the client closes the connection.
            client.rfile.read(1)
        elif fault:
            self._answer(client, fault, {}, b"<html>a proxy's words</html>")
        else:
            self._answer(client, *self._forward(client, body))

    def _forward(self, client, body):
        onward = http.client.HTTPConnection(self.target.netloc, timeout=60)
        onward.request(client.command, client.path, body, dict(client.headers))
        answer = onward.getresponse()
        data = answer.read()
        onward.close()
        return answer.status, dict(answer.getheaders()), data

    def _answer(self, client, status, headers, data):
        client.send_response(status)
        for name, value in headers.items():
            if name.lower() not in (
                "connection",
                "content-length",
                "date",
                "server",
                "transfer-encoding",
            ):
                client.send_header(name, value)
        client.send_header("Content-Length", str(len(data)))
        client.end_headers()
        client.wfile.write(data)
