"""A cloud in which much is wrong, and what makes it so."""

import contextlib

import openstack

from functional_tests.conftest import until
from functional_tests.proofs.edits import Edits
from functional_tests.proofs.fault import RECORDED, SOURCE
from testbed.cloud import Cloud

VERSION = "2.96"
FAST = {"bandwidth_mb": 400, "update_seconds": 0.2, "settle_seconds": 0.2}
FLAVORS = {
    "numa": {"hw:numa_nodes": "1"},
    "ssd": {"aggregate_instance_extra_specs:ssd": "true"},
}
FAILED = ("error", "failed")
# Healthy ones. HostD is in another zone; the last has a newer QEMU.
HOSTS = ("HostB", "HostC", "HostD", "newer")
NEWER = {"hypervisor_version": 9000000}
# Room for a server of each fault.
LARGE = {"memory_mb": 65536, "vcpus": 64, "numa_nodes": 2}


class Lab:
    """A running cloud and the ways to put something wrong there."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.edits = Edits(cloud)
        self.connection = self._connect("admin")
        self.nova = self._connect("nova")  # may write port bindings
        self.servers = {}
        self._booting = []
        self._silent = set()
        self._mapping = None

    def _connect(self, name):
        found = openstack.connect(**self.cloud.credentials(name))
        found.compute.default_microversion = VERSION
        return found

    def id(self, name):
        return self.servers[name]

    def call(self, method, path, **options):
        """A request to Nova that must succeed; its answer."""
        answer = getattr(self.connection.compute, method)(
            path, **({"microversion": VERSION} | options)
        )
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    # Servers

    def boot(self, name, host=SOURCE, cloud="admin", **wishes):
        """Ask for a server; `booted` waits for all that were asked for."""
        connection = self.connection
        if cloud != "admin":
            connection = self._connect(cloud)
        networks = [
            {"uuid": connection.network.find_network(one).id}
            for one in wishes.pop("networks", ())
        ]
        knobs = FAST | {
            key: wishes.pop(key)
            for key in ("bandwidth_mb", "dirty_mb", "update_seconds")
            if key in wishes
        }
        body = {
            "name": name,
            "imageRef": self._image(wishes.pop("image", "tiny")),
            "flavorRef": self._flavor(wishes.pop("flavor", "m1.tiny")),
            "networks": networks or "none",
            "metadata": {f"lab.{k}": str(v) for k, v in knobs.items()},
            **wishes,
        }
        if cloud == "admin":
            body["host"] = host
        else:  # one who may not name a host
            body["availability_zone"] = "az1"
        request = {"server": body}
        if group := body.pop("group", None):
            request["os:scheduler_hints"] = {"group": self._group(group)}
        answer = connection.compute.post(
            "/servers", json=request, microversion=VERSION
        )
        assert answer.status_code == 202, answer.text
        self.servers[name] = answer.json()["server"]["id"]
        self._booting.append(name)

    def booted(self):
        for name in self._booting:
            self.wait(name, "ACTIVE")
        self._booting.clear()

    def wait(self, name, status):
        def there():
            server = self.show(name)
            assert status == "ERROR" or server["status"] != "ERROR", server
            task = server["OS-EXT-STS:task_state"]
            return server["status"] == status and not task

        until(there)

    def show(self, name):
        return self.call("get", f"/servers/{self.id(name)}")["server"]

    def action(self, name, body, status):
        self.call("post", f"/servers/{self.id(name)}/action", json=body)
        if status:
            self.wait(name, status)

    def delete(self, name):
        server = self.servers.pop(name)
        self.call("delete", f"/servers/{server}")
        until(
            lambda: (
                not self.connection.compute.find_server(
                    server, ignore_missing=True
                )
            )
        )

    def live(self, name, host):
        body = {"os-migrateLive": {"host": host, "block_migration": "auto"}}
        self.call("post", f"/servers/{self.id(name)}/action", json=body)

    def wait_running(self, name):
        path = f"/servers/{self.id(name)}/migrations"

        def running():
            found = self.call("get", path)["migrations"]
            return any(one["status"] == "running" for one in found)

        until(running)

    def wait_failed(self, host, number):
        """Until that number of moves to the host failed."""

        def failed():
            found = self.call("get", "/os-migrations")["migrations"]
            there = [row for row in found if row["dest_compute"] == host]
            ended = [row for row in there if row["status"] in FAILED]
            return len(ended) == number

        until(failed)

    def wait_on(self, name, host):
        """Until it is there, and Nova is done with it."""

        def there():
            found = self.show(name)
            on, task = found["OS-EXT-SRV-ATTR:host"], "OS-EXT-STS:task_state"
            return on == host and not found[task]

        until(there)

    def _image(self, name):
        image = self.connection.image
        found = image.find_image(name, ignore_missing=True)
        if found is None:
            found = image.create_image(
                name,
                data=bytes(65536),
                disk_format="raw",
                container_format="bare",
                wait=True,
            )
        return found.id

    def delete_image(self, name):
        self.connection.image.delete_image(self._image(name))

    def _flavor(self, name):
        compute = self.connection.compute
        found = compute.find_flavor(name, ignore_missing=True)
        if found is None:
            found = compute.create_flavor(
                name=name, ram=512, vcpus=1, disk=1, is_public=True
            )
            compute.create_flavor_extra_specs(found, FLAVORS[name])
        return found.id

    def _group(self, name):
        for group in self.call("get", "/os-server-groups")["server_groups"]:
            if group["name"] == name:
                return group["id"]
        body = {"server_group": {"name": name, "policy": "anti-affinity"}}
        return self.call("post", "/os-server-groups", json=body)[
            "server_group"
        ]["id"]

    # Hosts

    def service(self, host, **body):
        path = f"/os-services?binary=nova-compute&host={host}"
        (found,) = self.call("get", path)["services"]
        self.call("put", f"/os-services/{found['id']}", json=body)

    def silence(self, host):
        self.cloud.silence(host)
        self._silent.add(host)

    def wake(self, host):
        self.cloud.wake(host)
        self._silent.discard(host)

    def settle(self):
        """Until Nova has noticed who is silent."""

        def noticed():
            path = "/os-services?binary=nova-compute"
            down = {
                row["host"]
                for row in self.call("get", path)["services"]
                if row["state"] != "up" and not row["forced_down"]
            }
            return down == self._silent

        until(noticed)

    def aggregate(self, name, hosts, **metadata):
        compute = self.connection.compute
        made = compute.create_aggregate(name=name)
        compute.set_aggregate_metadata(
            made, {k.replace("__", ":"): v for k, v in metadata.items()}
        )
        for host in hosts:
            compute.add_host_to_aggregate(made, host)

    def version(self, host, version):
        self.cloud.configure(host, hypervisor_version=version)

        def seen():
            path = f"/os-hypervisors/detail?hypervisor_hostname_pattern={host}"
            (found,) = self.call("get", path)["hypervisors"]
            return found["hypervisor_version"] == (version or 8002000)

        until(seen)

    def unmap(self, host):
        """As if `nova-manage cell_v2 discover_hosts` had not been run."""
        (self._mapping,) = self.edits.run(
            "SELECT * FROM host_mappings WHERE host = ?",
            host,
            database="nova_api",
        )
        self.edits.run(
            "DELETE FROM host_mappings WHERE host = ?",
            host,
            database="nova_api",
        )

    def map_again(self):
        marks = ", ".join("?" * len(self._mapping))
        self.edits.run(
            f"INSERT INTO host_mappings VALUES ({marks})",
            *self._mapping,
            database="nova_api",
        )

    # Placement and Neutron

    def allocate(self, consumer, hosts):
        """Let a consumer hold 1 VCPU and 512 MB on each; on none: nothing."""
        placement = self.connection.placement
        path = f"/allocations/{consumer}"
        if not hosts:
            assert placement.delete(path).status_code == 204
            return
        known = placement.get("/resource_providers").json()
        providers = {
            row["name"]: row["uuid"] for row in known["resource_providers"]
        }
        now = placement.get(path, microversion="1.28").json()
        body = {
            "allocations": {
                providers[host]: {"resources": {"VCPU": 1, "MEMORY_MB": 512}}
                for host in hosts
            },
            "consumer_generation": now.get("consumer_generation"),
            "project_id": now.get("project_id") or "0" * 32,
            "user_id": now.get("user_id") or "0" * 32,
        }
        answer = placement.put(path, json=body, microversion="1.28")
        assert answer.status_code == 204, answer.text

    def _port(self, name):
        return next(self.connection.network.ports(device_id=self.id(name))).id

    def bind(self, name, host):
        answer = self.nova.network.post(
            f"/ports/{self._port(name)}/bindings",
            json={"binding": {"host": host}},
        )
        assert answer.status_code in (200, 201), answer.text

    def unbind(self, name, host):
        path = f"/ports/{self._port(name)}/bindings/{host}"
        assert self.nova.network.delete(path).status_code in (200, 204)

    def edit_ports(self, name, vnic_type):
        """Neutron changes the type of no port that is bound."""
        self.edits.run(
            "UPDATE ml2_port_bindings SET vnic_type = ? WHERE port_id = ?",
            vnic_type,
            self._port(name),
            database="neutron",
        )
        # What Neutron reports to Nova when a port has changed.
        event = {"name": "network-changed", "server_uuid": self.id(name)}
        self.call(
            "post", "/os-server-external-events", json={"events": [event]}
        )


def hosts_of(faults):
    """Names of the hosts that the faults need, and their knobs."""
    names = list(HOSTS)
    knobs = {"HostB": LARGE, "HostC": LARGE, "newer": NEWER}
    for fault in faults:
        if fault.on == "host" and fault.how != RECORDED:
            names.append(fault.key)
            knobs[fault.key] = fault.knobs
        if fault.source not in names:
            names.append(fault.source)
    return names, knobs


@contextlib.contextmanager
def faulty(state, faults):
    """A cloud with all the faults, each on a separate server or host."""
    names, knobs = hosts_of(faults)
    here = [fault for fault in faults if fault.how != RECORDED]
    with Cloud.up(
        state, names, host_settings=knobs, network="neutron"
    ) as cloud:
        lab = Lab(cloud)
        lab.aggregate("az1", ["HostB", "HostC"], availability_zone="az1")
        # The healthy ones: with ports and without.
        lab.boot("healthy", networks=["provider", "tenant"])
        lab.boot("plain")
        lab.boot("bystander", host="HostD")
        lab.boot("peer", host="HostC", group="apart")
        for fault in here:
            if fault.on == "server":
                lab.boot(fault.key, **fault.boot)
        lab.booted()
        # Hosts first: their moves would queue behind one that never ends.
        for fault in sorted(here, key=lambda fault: fault.on != "host"):
            if fault.on != "pair":
                fault.inject(lab, fault.key)
        lab.settle()
        yield lab


@contextlib.contextmanager
def healthy(state):
    """A cloud in which nothing is wrong, with servers of several kinds."""
    names = HOSTS[:3]
    knobs = dict.fromkeys(names, LARGE)
    with Cloud.up(
        state, names, host_settings=knobs, network="neutron"
    ) as cloud:
        lab = Lab(cloud)
        lab.aggregate("az1", ["HostB", "HostC"], availability_zone="az1")
        lab.boot("guest", networks=["provider", "tenant"])
        lab.boot("paused-guest")
        lab.boot("stopped-guest", networks=["tenant"])
        lab.boot("small-guest", flavor="m1.small", config_drive=True)
        lab.boot("grouped-guest", group="apart")
        lab.booted()
        lab.action("paused-guest", {"pause": None}, "PAUSED")
        lab.action("stopped-guest", {"os-stop": None}, "SHUTOFF")
        yield lab
