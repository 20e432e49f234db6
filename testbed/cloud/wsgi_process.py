"""One process that serves Keystone, Glance or Neutron.

usage: python -m testbed.cloud.wsgi_process SERVICE STATE FD [--fresh]
"""

import gc
import importlib
import os
import sys
import types
from collections.abc import Callable

from testbed.cloud import (
    agents,
    catalogue,
    config,
    databases,
    schemas,
    serving,
    sqlite_locks,
)
from testbed.cloud.state import State


def _without_saml_schemas() -> None:
    """Save a third of Keystone's start time.

    Keystone imports pysaml2 for federation, which compiles the XML schemas of
    SAML on import.  Federated login is not used here.
    """
    stub = types.ModuleType("saml2.xml.schema")
    stub.XMLSchemaError = type("XMLSchemaError", (Exception,), {})
    stub.validate = None
    sys.modules[stub.__name__] = stub


def _keystone(state: State, use_cache: bool) -> str:
    _without_saml_schemas()
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(state.conf / "keystone.conf")
    # imported before the fork in ensure(), so that both sides have it
    importlib.import_module("keystone.server.flask.core")
    _ensure("keystone", state, schemas.keystone, use_cache)
    facts = state.load()
    catalogue.set_endpoints(
        state.database("keystone"),
        config.endpoints(facts["ports"]),
        facts.get("admin_endpoints"),
    )
    return "keystone.wsgi.api"


def _glance(state: State, use_cache: bool) -> str:
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(state.conf)
    importlib.import_module("glance.common.wsgi_app")
    _ensure("glance", state, schemas.glance, use_cache)
    return "glance.wsgi.api"


def _neutron(state: State, use_cache: bool) -> str:
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(state.conf)
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    _ensure("neutron", state, schemas.neutron, use_cache)
    agents.add(state.database("neutron"), state.load()["hosts"])
    return "neutron.wsgi.api"


def _ensure(
    name: str, state: State, build: Callable[[State], None], use_cache: bool
) -> None:
    databases.ensure(state.db, [name], lambda: build(state), use_cache)


def main() -> None:
    """Prepare the database, load the application, and serve it."""
    # Garbage collection frees nothing while thousands of modules load.
    gc.disable()
    service, path, fd, *options = sys.argv[1:]
    sys.argv[1:] = []  # the services also parse it
    state = State(path)
    sqlite_locks.install()
    prepare = {"keystone": _keystone, "glance": _glance, "neutron": _neutron}
    module = prepare[service](state, "--fresh" not in options)
    application = importlib.import_module(module).application
    gc.enable()
    serving.serve(application, int(fd))


if __name__ == "__main__":
    main()
