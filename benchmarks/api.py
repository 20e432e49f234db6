"""Simulated APIs of a large cloud on one loopback port.

Every response depends only on the number of hosts. It is the same each time,
generated before the first request, with the fields and paging of Nova 34
(2.104), Neutron and Placement. A separate process keeps the server's CPU time
out of the client's.

Usage: python -m benchmarks.api HOSTS; prints its port, ends with its stdin.
"""

import functools
import http.server
import json
import sys
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

from benchmarks import rows

# Nova's [api]max_limit.
PAGE = 1000
# This path returns the requests seen, and resets them.
SEEN = "/seen"

Query = dict[str, str]


class Cloud:
    """The responses by service and path."""

    def __init__(self, hosts: int, root: str) -> None:
        self.root = root
        self.hosts = range(hosts)
        self.servers = range(hosts * rows.SERVERS_A_HOST)
        # Page -> its bytes, to exclude the time that an API needs for them.
        self._bodies: dict[object, bytes] = {}

    def answer(self, method: str, path: str, query: Query) -> bytes | None:
        """Return the body; None if there is no such path."""
        key = (method, path, tuple(sorted(query.items())))
        if key not in self._bodies:
            found = self._find(method, path, query)
            if found is None:
                return None
            self._bodies[key] = json.dumps(found).encode()
        return self._bodies[key]

    def _find(self, method: str, path: str, query: Query) -> Any:
        _, service, *parts = path.rstrip("/").split("/")
        if not parts or (len(parts) == 1 and parts[0] in rows.VERSIONS):
            return rows.discovery(service, f"{self.root}/{service}")
        if parts[0] in rows.VERSIONS:
            parts = parts[1:]
        if service == "identity" and parts == ["auth", "tokens"]:
            return rows.token(self.root)
        if method != "GET":
            return None
        ask: Callable[[list[str], Query], Any] = getattr(self, f"_{service}")
        return ask(parts, query)

    def _identity(self, parts: list[str], _query: Query) -> Any:
        return {"projects": rows.projects()} if parts == ["projects"] else None

    def _compute(self, parts: list[str], query: Query) -> Any:
        match parts:
            case ["servers", "detail"]:
                return self._page(
                    "servers", self._chosen(query), rows.server, query
                )
            case ["servers", ref]:
                return {"server": self._server(int(ref[:8], 16))}
            case ["servers", _, "os-instance-actions"]:
                return {"instanceActions": []}
            case ["servers", _, "shares"]:
                return {"shares": []}
            case ["servers", _, "topology"]:
                return {"nodes": [], "pagesize_kb": None}
            case ["os-services"]:
                found = [rows.service(n) for n in self.hosts]
                if "binary" not in query:
                    found += rows.controllers()
                return {"services": found}
            case ["os-hypervisors", "detail"]:
                return self._page(
                    "hypervisors", self.hosts, rows.hypervisor, query
                )
            case ["os-hypervisors"]:
                return self._page(
                    "hypervisors", self.hosts, rows.hypervisor_name, query
                )
            case ["os-server-groups"]:
                return {"server_groups": []}
            case ["os-migrations"]:
                return {"migrations": []}
            case ["os-aggregates"]:
                return {"aggregates": rows.aggregates(self.hosts)}
            case ["flavors", *_]:
                return {"flavors": []}
        return None

    def _server(self, n: int) -> Any:
        return rows.server(n, len(self.hosts))

    def _chosen(self, query: Query) -> range:
        if name := query.get("name"):
            n = int(name.strip("^$").removeprefix("vm"))
            return range(n, n + 1)
        if host := query.get("host"):
            first = int(host.removeprefix("compute"))
            return self.servers[first :: len(self.hosts)]
        return self.servers

    def _page(
        self,
        key: str,
        which: range,
        make: Callable[[int, int], dict[str, Any]],
        query: Query,
    ) -> Any:
        limit = min(int(query.get("limit", PAGE)), PAGE)
        start = 0
        if marker := query.get("marker"):
            start = which.index(int(marker[:8], 16)) + 1
        page = which[start : start + limit]
        body: dict[str, Any] = {key: [make(n, len(self.hosts)) for n in page]}
        # As Nova does: a full page may be the last one, unchecked.
        if len(page) == limit:
            asked = query | {"marker": body[key][-1]["id"]}
            path = "os-hypervisors" if key == "hypervisors" else key
            url = (
                f"{self.root}/compute/v2.1/{path}/detail?"
                + urllib.parse.urlencode(asked)
            )
            body[f"{key}_links"] = [{"rel": "next", "href": url}]
        return body

    def _placement(self, parts: list[str], query: Query) -> Any:
        match parts:
            case ["allocations", consumer]:
                n = int(consumer[:8], 16)
                return rows.allocations(n, len(self.hosts))
            case ["allocation_candidates"]:
                hosts = self.hosts
                if tree := query.get("in_tree"):
                    n = int(tree[:8], 16)
                    hosts = range(n, n + 1)
                return rows.candidates(hosts)
            case ["resource_providers"]:
                return {"resource_providers": []}
            case ["resource_providers", _, "allocations"]:
                return {"allocations": {}}
        return None

    def _network(self, parts: list[str], query: Query) -> Any:
        match parts:
            case ["ports"]:
                return {"ports": [rows.port(query.get("device_id", ""))]}
            case ["ports", _, "bindings"]:
                return {"bindings": rows.bindings()}
            case ["networks", ref]:
                return {"network": rows.network(ref)}
            case ["extensions"]:
                return {"extensions": rows.extensions()}
            case ["agents"]:
                return self._agents(query)
        return None

    def _agents(self, query: Query) -> Any:
        start = 0
        if marker := query.get("marker"):
            start = int(marker[:8], 16) + 1
        limit = int(query.get("limit", len(self.hosts)))
        page = self.hosts[start : start + limit]
        body: dict[str, Any] = {"agents": [rows.agent(n) for n in page]}
        if len(page) == limit and "limit" in query:
            body["agents_links"] = [{"rel": "next", "href": "-"}]
        return body

    def _image(self, parts: list[str], _query: Query) -> Any:
        if len(parts) == 2:
            return rows.image(parts[1])
        return {"images": [rows.image(rows.IMAGE)]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise head and body are separate writes, and wait for a delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(self, cloud: Cloud, seen: "Seen", *rest: Any) -> None:
        self._cloud = cloud
        self._seen = seen
        super().__init__(*rest)

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        if url.path == SEEN:
            self._send(200, json.dumps(self._seen.told()).encode())
            return
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self._cloud.answer(self.command, url.path, query)
        status = 201 if self.command == "POST" else 200
        if body is None:
            status, body = 404, b'{"error": {"message": "no such path"}}'
        self._seen.add(self.command, self.path, status, len(body))
        self._send(status, body)

    do_POST = do_GET

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Subject-Token", "made-up")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_words: object) -> None:
        pass


class Seen:
    """The requests seen by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[tuple[str, str, int, int]] = []

    def add(self, method: str, path: str, status: int, size: int) -> None:
        with self._lock:
            self._rows.append((method, path, status, size))

    def told(self) -> list[tuple[str, str, int, int]]:
        with self._lock:
            told, self._rows = self._rows, []
        return told


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    cloud = Cloud(int(sys.argv[1]), "")
    make = functools.partial(Handler, cloud, Seen())
    with Server(("127.0.0.1", 0), make) as server:
        port = server.server_address[1]
        cloud.root = f"http://127.0.0.1:{port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(port, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
