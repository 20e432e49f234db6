"""Boot many servers on a cloud of many hosts, in few requests."""

import time

from functional_tests.conftest import until

VERSION = "2.96"
# A move takes about two seconds.
FAST = {"bandwidth_mb": 400, "update_seconds": 0.2, "settle_seconds": 0.2}
OPEN = ("queued", "preparing", "running", "accepted", "migrating")


class Crowd:
    """The servers of one cloud, addressed by name."""

    def __init__(self, connection):
        self.connection = connection
        self.compute = connection.compute
        self._image = connection.image.find_image("tiny").id
        self._flavors = {}

    def call(self, method, path, **options):
        """Send a request that must succeed; return the response."""
        answer = getattr(self.compute, method)(
            path, **({"microversion": VERSION} | options)
        )
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    def boot(
        self, name, host, count=1, flavor="m1.tiny", group=None, **metadata
    ):
        """Request servers; a metadata key without a dot is a knob.

        Several servers are numbered: name-1, name-2 ...
        """
        if flavor not in self._flavors:
            self._flavors[flavor] = self.compute.find_flavor(flavor).id
        words = {
            key if key.startswith("osc-") else f"lab.{key}": str(value)
            for key, value in (FAST | metadata).items()
        }
        server = {
            "name": name,
            "imageRef": self._image,
            "flavorRef": self._flavors[flavor],
            "networks": "none",
            "metadata": words,
            "host": host,
            "min_count": count,
            "max_count": count,
        }
        body = {"server": server}
        if group:
            body["os:scheduler_hints"] = {"group": group}
        self.call("post", "/servers", json=body)

    def group(self, name):
        """Create an anti-affinity group; return its ID."""
        body = {"server_group": {"name": name, "policy": "anti-affinity"}}
        return self.call("post", "/os-server-groups", json=body)[
            "server_group"
        ]["id"]

    def servers(self, host=None, prefix=""):
        """Return name -> row, for one host or all, filtered by prefix."""
        found, marker = [], ""
        while True:
            path = f"/servers/detail?all_tenants=1&limit=200{marker}"
            if host:
                path += f"&host={host}"
            page = self.call("get", path)["servers"]
            found += page
            if len(page) < 200:
                break
            marker = f"&marker={page[-1]['id']}"
        return {
            row["name"]: row for row in found if row["name"].startswith(prefix)
        }

    def ready(self, prefix="", count=0):
        """Wait until all are ACTIVE; return their rows by name."""

        def all_active():
            rows = self.servers(prefix=prefix)
            wrong = [r for r in rows.values() if r["status"] == "ERROR"]
            assert not wrong, wrong
            busy = [r for r in rows.values() if r["status"] != "ACTIVE"]
            return rows if len(rows) >= count and not busy else None

        return until(all_active, 300.0)

    def act(self, names, action, status):
        """Run an action on each; wait until all have the given status."""
        rows = self.servers()
        for name in names:
            path = f"/servers/{rows[name]['id']}/action"
            self.call("post", path, json={action: None})
        until(
            lambda: (
                {self.servers()[name]["status"] for name in names} <= {status}
            ),
            120.0,
        )

    def records(self, id):
        """Return a server's migration records, oldest first."""
        path = f"/os-migrations?instance_uuid={id}"
        found = self.call("get", path)["migrations"]
        return sorted(found, key=lambda record: record["id"])

    def converge(self, id):
        """Stop the guest's writes, so that its copy converges."""
        self.call(
            "post",
            f"/servers/{id}/metadata",
            json={"metadata": {"lab.dirty_mb": "0"}},
        )

    def service(self, host):
        path = f"/os-services?binary=nova-compute&host={host}"
        (row,) = self.call("get", path)["services"]
        return row

    def enable(self, host):
        row = self.service(host)
        if row["status"] != "enabled":
            self.call(
                "put",
                f"/os-services/{row['id']}",
                json={"status": "enabled"},
            )

    def delete(self, prefix):
        for row in self.servers(prefix=prefix).values():
            self.compute.delete_server(row["id"], ignore_missing=True)
        until(lambda: not self.servers(prefix=prefix), 120.0)

    def quiet(self, prefix):
        """Wait until all moves have ended; guests that are copied stop
        writing."""

        def over():
            rows = self.servers(prefix=prefix).values()
            busy = [row for row in rows if row["OS-EXT-STS:task_state"]]
            for row in busy:
                if row["OS-EXT-STS:task_state"] == "migrating":
                    self.converge(row["id"])
            if busy:
                return False
            for row in rows:
                if any(r["status"] in OPEN for r in self.records(row["id"])):
                    return False
            return True

        until(over, 120.0)
        time.sleep(0.5)


def forty_on(crowd, host, others):
    """Boot 40 servers of all kinds on a host, and wait until each is in its
    intended state; return their rows by name.

    :param others: hosts of the other members of anti-affinity groups.
    """
    crowd.boot("run", host, 22)
    crowd.boot("off", host, 6)
    crowd.boot("paused", host, 3)
    crowd.boot("stubborn", host, 2, dirty_mb=500)
    crowd.boot("broken", host, 2, fail="live_migration")
    crowd.boot("never", host, 2, **{"osc-migrate": "never"})
    for number in range(3):
        group = crowd.group(f"apart{number}")
        for member, one in enumerate([host, *others]):
            name = f"apart{number}-{member}"
            crowd.boot(name, one, group=group)
    crowd.ready(count=40 + 3 * len(others))
    crowd.act([f"off-{n}" for n in range(1, 7)], "os-stop", "SHUTOFF")
    crowd.act([f"paused-{n}" for n in range(1, 4)], "pause", "PAUSED")
    rows = crowd.servers(host)
    assert len(rows) == 40
    return rows
