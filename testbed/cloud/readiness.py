"""Wait until a cloud is usable, not only started.

Usable means: every service responds, every compute is up in Nova, mapped to
its cell (so that hypervisors are listed) and has an inventory in Placement.
"""

import subprocess
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from testbed.cloud import config
from testbed.cloud.errors import CloudError

if TYPE_CHECKING:
    from testbed.cloud.cloud import Cloud

IMAGE = "tiny"
#: name -> attributes; only Neutron's admin may see all of them
NETWORKS: dict[str, dict[str, Any]] = {
    "provider": {
        "shared": True,
        "provider:network_type": "vlan",
        "provider:physical_network": config.PHYSICAL_NETWORK,
        "provider:segmentation_id": 100,
    },
    "tenant": {"shared": True, "provider:network_type": "geneve"},
}
_LINES = 20


def wait(
    cloud: "Cloud",
    children: Mapping[str, "subprocess.Popen[bytes]"],
    deadline: float,
    say: Callable[[str], None],
) -> None:
    """Return when the cloud is usable; raise CloudError if it fails."""
    from keystoneauth1 import exceptions, session
    from keystoneauth1.identity import v3

    auth = v3.Password(
        auth_url=cloud.endpoints["keystone"],
        username="admin",
        password=config.PASSWORD,
        project_name="admin",
        user_domain_id="default",
        project_domain_id="default",
    )
    # A short timeout, to detect a dead process soon: requests to a service
    # that is starting wait in the queue of its socket.
    api = session.Session(auth=auth, timeout=2)

    def until(what: str, check: Callable[[], Any]) -> None:
        """Repeat a check until it is true or a process dies."""
        reason: object = "no answer"
        while True:
            try:
                if check():
                    say(what)
                    return
            except exceptions.ClientException as exc:
                reason = exc
            for name, child in children.items():
                if child.poll() is not None:
                    raise CloudError(
                        f"{name} ended with status {child.returncode}; the "
                        f"end of {cloud.log(name)}:\n{tail(cloud, name)}"
                    )
            if time.monotonic() > deadline:
                name = next((n for n in children if n in what), "nova")
                raise CloudError(
                    f"gave up waiting for: {what} ({reason}); the end of "
                    f"{cloud.log(name)}:\n{tail(cloud, name)}"
                )
            time.sleep(0.1)

    def get(url: str) -> dict[str, Any]:
        return api.get(url).json()

    until("keystone answers", api.get_token)
    until("glance answers", lambda: _ensure_image(cloud, api, get))
    until("placement answers", lambda: get(cloud.endpoints["placement"]))
    if cloud.network == "neutron":
        until("neutron answers", lambda: _ensure_networks(cloud, api, get))
    else:
        until("neutron stub answers", lambda: get(cloud.endpoints["neutron"]))
    until("nova: computes are up", lambda: _computes_up(cloud, get))
    until("nova: computes are mapped", lambda: _mapped(cloud, get))
    until("placement: inventories", lambda: _inventories(cloud, get))


def tail(cloud: "Cloud", name: str) -> str:
    """Return the last lines of a log."""
    try:
        lines = cloud.log(name).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-_LINES:])


def _ensure_image(cloud: "Cloud", api: Any, get: Callable) -> bool:
    """Whether Glance responds; create the image if it is missing."""
    images = f"{cloud.endpoints['glance']}/v2/images"
    if get(f"{images}?name={IMAGE}&status=active")["images"]:
        return True
    image = api.post(
        images,
        json={
            "name": IMAGE,
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "public",
        },
        timeout=20,
    ).json()
    api.put(
        f"{images}/{image['id']}/file",
        data=bytes(65536),
        headers={"Content-Type": "application/octet-stream"},
        timeout=20,
    )
    return True


def _ensure_networks(cloud: "Cloud", api: Any, get: Callable) -> bool:
    """Whether Neutron responds; create networks that are missing."""
    root = f"{cloud.endpoints['neutron']}/v2.0"
    there = {found["name"] for found in get(f"{root}/networks")["networks"]}
    for number, (name, attributes) in enumerate(NETWORKS.items()):
        if name in there:
            continue
        network = api.post(
            f"{root}/networks",
            json={"network": {"name": name, **attributes}},
            timeout=20,
        ).json()["network"]
        subnet = {
            "network_id": network["id"],
            "name": name,
            "ip_version": 4,
            "cidr": f"10.{number}.0.0/16",
            "enable_dhcp": False,
        }
        api.post(f"{root}/subnets", json={"subnet": subnet}, timeout=20)
    return True


def _computes_up(cloud: "Cloud", get: Callable) -> bool:
    found = get(f"{cloud.endpoints['nova']}/os-services")["services"]
    up = {
        (service["binary"], service["host"])
        for service in found
        if service["state"] == "up"
    }
    wanted = {("nova-compute", host) for host in cloud.hosts}
    controller = cloud.state.load()["controller"]
    wanted |= {
        (binary, controller) for binary in ("nova-scheduler", "nova-conductor")
    }
    return wanted <= up


def _mapped(cloud: "Cloud", get: Callable) -> bool:
    found = get(f"{cloud.endpoints['nova']}/os-hypervisors")["hypervisors"]
    names = {hypervisor["hypervisor_hostname"] for hypervisor in found}
    return set(cloud.hosts) <= names


def _inventories(cloud: "Cloud", get: Callable) -> bool:
    url = f"{cloud.endpoints['placement']}/resource_providers"
    providers = {
        provider["name"]: provider["uuid"]
        for provider in get(url)["resource_providers"]
    }
    return all(
        host in providers
        and get(f"{url}/{providers[host]}/inventories")["inventories"]
        for host in cloud.hosts
    )
