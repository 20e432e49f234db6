"""Users, roles and the service catalogue.

Written with Keystone's own managers inside one process, not over HTTP: this
is what keystone-manage bootstrap does, and ten times as fast.
"""

import uuid
from collections.abc import Mapping

from testbed.cloud import config, databases

#: catalogue type of each service
TYPES = {
    "keystone": "identity",
    "glance": "image",
    "nova": "compute",
    "placement": "placement",
    "neutron": "network",
}
_SERVICE_USERS = ("nova", "placement", "glance", "neutron")
#: people of the project demo, with their role
_PEOPLE = {"demo": "member", "manager": "manager"}


def build() -> None:
    """Migrate an empty database and fill it (configured Keystone needed)."""
    from keystone.cmd import bootstrap
    from keystone.common import provider_api
    from keystone.common.sql import upgrades

    upgrades.offline_sync_database_to_version()
    first = bootstrap.Bootstrapper()
    first.admin_password = config.PASSWORD
    first.admin_username = "admin"
    first.project_name = "admin"
    first.admin_role_name = "admin"
    first.region_id = config.REGION
    first.immutable_roles = True
    first.bootstrap()

    api = provider_api.ProviderAPIs
    roles = {role["name"]: role["id"] for role in api.role_api.list_roles()}

    def project(name):
        ref = {
            "id": uuid.uuid4().hex,
            "name": name,
            "domain_id": "default",
            "description": "",
            "enabled": True,
        }
        return api.resource_api.create_project(ref["id"], ref)["id"]

    def user(name, project_id, *names):
        person = api.identity_api.create_user(
            {
                "name": name,
                "password": config.PASSWORD,
                "domain_id": "default",
                "enabled": True,
            }
        )
        for role in names:
            api.assignment_api.add_role_to_user_and_project(
                person["id"], project_id, roles[role]
            )

    service = project("service")
    for name in _SERVICE_USERS:
        user(name, service, "admin", "service")
    demo = project("demo")
    for name, role in _PEOPLE.items():
        user(name, demo, role)
    for name, kind in TYPES.items():
        _service(api.catalog_api, name, kind)


def _service(catalog, name, kind) -> None:
    ref = {"id": uuid.uuid4().hex, "name": name, "type": kind, "enabled": True}
    catalog.create_service(ref["id"], ref)
    for interface in ("public", "internal", "admin"):
        endpoint = {
            "id": uuid.uuid4().hex,
            "service_id": ref["id"],
            "interface": interface,
            "url": "http://not.set.invalid",
            "region_id": config.REGION,
            "enabled": True,
        }
        catalog.create_endpoint(endpoint["id"], endpoint)


def set_endpoints(
    database: str,
    urls: Mapping[str, str],
    admin: Mapping[str, str] | None = None,
) -> None:
    """Write this start's ports into the copy, before Keystone reads it.

    :param database: its URL
    :param admin: the URLs of the interface 'admin', where they differ
    """
    databases.execute(
        database,
        [
            (
                "UPDATE endpoint SET url = :url WHERE service_id IN"
                " (SELECT id FROM service WHERE type = :kind)",
                {"url": urls[name], "kind": kind},
            )
            for name, kind in TYPES.items()
        ]
        + [
            (
                "UPDATE endpoint SET url = :url WHERE interface = 'admin' AND"
                " service_id IN (SELECT id FROM service WHERE type = :kind)",
                {"url": url, "kind": TYPES[name]},
            )
            for name, url in (admin or {}).items()
        ],
    )
