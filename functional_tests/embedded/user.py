"""A user of an embedded cloud, by plain API calls."""

import time

import openstack

from functional_tests.conftest import until

#: quick migrations: a small guest moves in about a second
QUICK = {"bandwidth_mb": 512, "update_seconds": 0.2, "settle_seconds": 0.3}
OVER = {"completed", "error", "failed", "cancelled", "confirmed"}
MICROVERSION = "2.96"


class User:
    """Moves servers with plain API calls."""

    def __init__(self, cloud, name="admin"):
        self.cloud = cloud
        self.connection = openstack.connect(**cloud.credentials(name))
        self.compute = self.connection.compute
        self.booted = []

    def call(self, method, path, **options):
        return getattr(self.compute, method)(
            path, microversion=MICROVERSION, **options
        )

    def boot(self, host="HostB", flavor="m1.tiny", wait=True, **knobs):
        server = self.compute.create_server(
            name="guest",
            image_id=self.connection.image.find_image("tiny").id,
            flavor_id=self.compute.find_flavor(flavor).id,
            networks="none",
            host=host,
            metadata={f"lab.{key}": str(v) for key, v in knobs.items()},
            microversion=MICROVERSION,
        )
        self.booted.append(server.id)
        if wait:
            self.compute.wait_for_server(server, interval=0.2, wait=300)
        return server.id

    def server(self, uuid):
        return self.call("get", f"/servers/{uuid}").json()["server"]

    def live(self, uuid, host="HostC", block="auto"):
        body = {"os-migrateLive": {"host": host, "block_migration": block}}
        answer = self.call("post", f"/servers/{uuid}/action", json=body)
        assert answer.status_code == 202, answer.text

    def migrations(self, uuid):
        path = f"/os-migrations?instance_uuid={uuid}"
        return self.call("get", path).json()["migrations"]

    def status(self, uuid):
        """Of the last migration; None before there is one."""
        found = self.migrations(uuid)
        return found[0]["status"] if found else None

    def running(self, uuid):
        """The migration under way, once it is running."""

        def find():
            path = f"/servers/{uuid}/migrations"
            found = self.call("get", path).json()["migrations"]
            return [one for one in found if one["status"] == "running"]

        return until(find)[0]

    def end(self, uuid, migrations=1):
        """(status of migration, status of server, host), once settled."""

        def over():
            found = self.migrations(uuid)
            server = self.server(uuid)
            if (
                len(found) < migrations
                or found[0]["status"] not in OVER
                or server["OS-EXT-STS:task_state"]
            ):
                return None
            host = server["OS-EXT-SRV-ATTR:host"]
            return found[0]["status"], server["status"], host

        until(over)
        time.sleep(1)  # an error may follow the rollback
        return until(over)

    def state(self, host):
        """Nova's opinion of a compute."""
        path = f"/os-services?binary=nova-compute&host={host}"
        return self.call("get", path).json()["services"][0]

    def events(self, uuid):
        """Messages of the last action's events, as one text."""
        path = f"/servers/{uuid}/os-instance-actions"
        last = self.call("get", path).json()["instanceActions"][0]
        found = self.call("get", f"{path}/{last['request_id']}").json()
        return "\n".join(
            str(event.get("details"))
            for event in found["instanceAction"]["events"]
        )

    def clean(self):
        for uuid in self.booted:
            self.compute.delete_server(uuid, ignore_missing=True)
        for uuid in self.booted:
            until(lambda: not self.compute.find_server(uuid))  # noqa: B023
        self.booted.clear()
