"""Render the configuration of the services.

Everything is plain text, for debugging.  Heartbeats are more frequent than in
production (3 s, down after 12 s), so that a test need not wait a minute for a
dead host, yet live hosts do not appear dead on a busy machine.
"""

import base64
import json
import os
import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.cloud.errors import CloudError
from testbed.cloud.ports import ADDRESS
from testbed.cloud.state import State

PASSWORD = "secret"
REGION = "RegionOne"
REPORT_INTERVAL = 3
DOWN_TIME = 12
#: physical network of the provider network, if the cloud has real networks
PHYSICAL_NETWORK = "physnet1"
#: path of each service's root below its port
ROOTS = {
    "keystone": "/v3",
    "glance": "",
    "nova": "/v2.1",
    "placement": "",
    "neutron": "",
}

_DATABASE = """
connection = {url}
# a cloud for tests need not survive a power failure
sqlite_synchronous = false
"""

_AUTH = """
auth_type = password
auth_url = {keystone}
username = {user}
password = {password}
project_name = service
user_domain_id = default
project_domain_id = default
region_name = {region}
"""

_KEYSTONE = """
[DEFAULT]
use_stderr = true
# it warns about the length of every password, however short
default_log_levels = keystone.common.password_hashing=ERROR,alembic=WARN
[database]{database}
[token]
provider = fernet
expiration = 604800
[fernet_tokens]
key_repository = {db}/keys
[fernet_receipts]
key_repository = {db}/keys
[credential]
key_repository = {db}/keys
[identity]
password_hash_algorithm = bcrypt
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
"""

_GLANCE = """
[DEFAULT]
use_stderr = true
enabled_backends = fs:file
bind_host = {address}
worker_self_reference_url = {glance}
node_staging_uri = file://{db}/images/staging
[os_glance_staging_store]
filesystem_store_datadir = {db}/images/staging
[os_glance_tasks_store]
filesystem_store_datadir = {db}/images/tasks
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = {db}/images/store
[database]{database}
[keystone_authtoken]{auth}
[paste_deploy]
flavor = keystone
config_file = {paste}
[oslo_concurrency]
lock_path = {db}/locks
"""

_PLACEMENT = """
[DEFAULT]
use_stderr = true
[placement_database]{database}
[api]
auth_strategy = keystone
[keystone_authtoken]{auth}
"""

# No agent, no RPC server: agents are database rows only (see agents.py).
_NEUTRON = """
[DEFAULT]
use_stderr = true
transport_url = fake://
core_plugin = ml2
service_plugins =
auth_strategy = keystone
api_paste_config = {paste}
state_path = {db}
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
dhcp_agent_notification = false
default_log_levels = {log_levels}
[database]{database}
[keystone_authtoken]{auth}
[nova]{auth}
[placement]{auth}
[ml2]
mechanism_drivers = openvswitch
type_drivers = flat,vlan,geneve
tenant_network_types = geneve
extension_drivers =
[ml2_type_flat]
flat_networks = {physical_network}
[ml2_type_vlan]
network_vlan_ranges = {physical_network}:100:199
[ml2_type_geneve]
vni_ranges = 1:1000
max_header_size = 38
[quotas]
quota_port = -1
[oslo_concurrency]
lock_path = {db}/locks
[oslo_messaging_notifications]
driver = noop
"""

LOG_LEVELS = (
    "sqlalchemy=WARN",
    # it logs an error if the optional memcache client is missing
    "stevedore=CRITICAL",
    "alembic=WARN",
    "oslo_messaging=INFO",
    "keystoneauth=WARN",
    "keystonemiddleware=ERROR",
    "urllib3=WARN",
)

_NOVA = """
[DEFAULT]
host = {controller}
my_ip = {address}
state_path = {db}
instances_path = {db}/instances
use_stderr = true
transport_url = fake://
compute_driver = unreal.UnrealDriver
rootwrap_config =
report_interval = {report_interval}
service_down_time = {down_time}
rpc_response_timeout = 20
update_resources_interval = {resources_interval}
sync_power_state_interval = -1
heal_instance_info_cache_interval = -1
vif_plugging_timeout = 0
vif_plugging_is_fatal = false
default_log_levels = {log_levels}
[lab]
{lab}
[api_database]{api_database}
[database]{database}
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = {paste}
[conductor]
workers = 1
[scheduler]
workers = 1
[filter_scheduler]
track_instance_changes = false
[keystone_authtoken]{auth}
# a token that was revoked is refused within a second, not within minutes
token_cache_time = 1
[service_user]
send_service_user_token = true{auth}
[placement]{auth}
[glance]{auth}
[neutron]{auth}
[cinder]{auth}
[vnc]
enabled = false
[image_cache]
manager_interval = -1
[oslo_concurrency]
lock_path = {db}/locks
[oslo_messaging_notifications]
driver = noop
[compute]
live_migration_wait_for_vif_plug = false
[quota]
cores = -1
ram = -1
instances = -1
"""


def endpoints(
    ports: Mapping[str, int], address: str = ADDRESS
) -> dict[str, str]:
    """Return the URL of each service."""
    return {
        name: f"http://{address}:{ports[name]}{root}"
        for name, root in ROOTS.items()
    }


def auth(keystone: str, user: str) -> str:
    """Return the options with which a service authenticates."""
    return _AUTH.format(
        keystone=keystone, user=user, password=PASSWORD, region=REGION
    )


def _paste(package: str, name: str) -> Path:
    """Return a paste file that the wheel installed below the prefix."""
    path = Path(sysconfig.get_path("data"), "etc", package, name)
    if not path.is_file():
        raise CloudError(f"{package} has no {path}; install it again")
    return path


def _keys(directory: Path) -> None:
    """Create two Fernet keys, like keystone-manage fernet_setup.

    One repository is enough for tokens, receipts and credentials here.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    for name in ("0", "1"):
        path = directory / name
        if not path.exists():
            path.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
            path.chmod(0o600)


def write(
    state: State,
    ports: Mapping[str, int],
    controller: str,
    settings: Mapping[str, Any],
    computes: int = 1,
) -> None:
    """Write every configuration file of the cloud.

    :param computes: hosts that share Nova's process.
    """
    urls = endpoints(ports)
    common = {"db": state.db, "address": ADDRESS, **urls}

    def database(name: str) -> str:
        return _DATABASE.format(url=state.database(name))

    def login(user: str) -> str:
        return auth(urls["keystone"], user)

    for package, name in (
        ("nova", "api-paste.ini"),
        ("glance", "glance-api-paste.ini"),
        ("neutron", "api-paste.ini"),
    ):
        shutil.copy(_paste(package, name), state.conf / f"{package}-paste.ini")
    rendered = {
        "keystone.conf": _KEYSTONE.format(
            database=database("keystone"), **common
        ),
        "glance-api.conf": _GLANCE.format(
            database=database("glance"),
            auth=login("glance"),
            paste=state.conf / "glance-paste.ini",
            **common,
        ),
        "placement.conf": _PLACEMENT.format(
            database=database("placement"), auth=login("placement")
        ),
        "neutron.conf": _NEUTRON.format(
            database=database("neutron"),
            auth=login("neutron"),
            paste=state.conf / "neutron-paste.ini",
            log_levels=",".join(LOG_LEVELS),
            physical_network=PHYSICAL_NETWORK,
            **common,
        ),
        "nova.conf": _NOVA.format(
            controller=controller,
            report_interval=REPORT_INTERVAL,
            down_time=DOWN_TIME,
            # All hosts share one process, so longer intervals for many.
            resources_interval=max(10, 2 * computes),
            log_levels=",".join(LOG_LEVELS),
            lab="\n".join(f"{k} = {v}" for k, v in settings.items()),
            api_database=database("nova_api"),
            database=database("nova_cell1"),
            auth=login("nova"),
            paste=state.conf / "nova-paste.ini",
            **common,
        ),
    }
    for name, text in rendered.items():
        (state.conf / name).write_text(text.lstrip())
    for name in ("staging", "tasks", "store"):
        (state.db / "images" / name).mkdir(parents=True, exist_ok=True)
    (state.db / "instances").mkdir(exist_ok=True)
    _keys(state.db / "keys")
    _clouds_yaml(state, urls["keystone"])


def _clouds_yaml(state: State, auth_url: str) -> None:
    """Credentials: JSON is YAML, so no YAML writer is needed."""
    clouds = {
        user: {
            "auth": {
                "auth_url": auth_url,
                "username": user,
                "password": PASSWORD,
                "project_name": project,
                "user_domain_id": "default",
                "project_domain_id": "default",
            },
            "region_name": REGION,
            "identity_api_version": 3,
        }
        for user, project in (
            ("admin", "admin"),
            ("demo", "demo"),
            ("manager", "demo"),
            # Neutron lets only services create and delete port bindings.
            ("nova", "service"),
        )
    }
    state.clouds_yaml.write_text(json.dumps({"clouds": clouds}, indent=1))
