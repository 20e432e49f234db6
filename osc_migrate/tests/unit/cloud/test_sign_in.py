"""A Keystone that does not answer, and who has too few rights."""

import logging
import types

import pytest
from keystoneauth1 import exceptions

from osc_migrate import errors
from osc_migrate.cloud import sign_in
from osc_migrate.commands import base
from osc_migrate.commands.live import Live
from osc_migrate.commands.preflight import Preflight
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit.commands.desk import Desk

URL = "https://keystone.test:5000/v3"
POOL = "Unable to establish connection to URL: HTTPSConnectionPool(host='k')"


class Manager:
    def __init__(self, error):
        self._error = error
        self.auth = types.SimpleNamespace(auth_url=URL)

    @property
    def auth_ref(self):
        raise self._error


@pytest.mark.parametrize(
    "error, words",
    [
        (
            exceptions.ConnectFailure(f"{POOL}: [111] Connection refused"),
            "refuses connections",
        ),
        (
            exceptions.ConnectFailure(f"{POOL}: Failed to resolve 'keystone'"),
            "has a host name that does not resolve",
        ),
        (exceptions.ConnectTimeout(f"{POOL}: timed out"), "does not answer"),
        (exceptions.SSLError(f"{POOL}: self-signed"), "OS_CACERT"),
        (exceptions.ConnectFailure("odd"), "cannot be reached; --debug"),
        (
            exceptions.DiscoveryFailure(f"{POOL}: [111] Connection refused"),
            "refuses connections",
        ),
        (
            exceptions.DiscoveryFailure("Could not find versioned endpoints"),
            "often ends in /v3",
        ),
    ],
)
def test_a_keystone_that_cannot_be_reached(error, words):
    with pytest.raises(errors.MigrateError) as caught:
        sign_in.authenticate(Manager(error))
    said = str(caught.value)
    assert said.startswith(f"Keystone at {URL} ")
    assert words in said
    assert "ConnectionPool" not in said


@pytest.mark.parametrize(
    "error, words",
    [
        (exceptions.Unauthorized("wrong"), "user, password or project"),
        (exceptions.NotFound("Not Found"), "see OS_AUTH_URL"),
        (exceptions.ServiceUnavailable("busy"), "answers with HTTP 503"),
        (
            exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version"),
            "does not speak TLS",
        ),
    ],
)
def test_what_keystone_answers_is_explained(error, words):
    with pytest.raises(errors.MigrateError) as caught:
        sign_in.authenticate(Manager(error))
    said = str(caught.value)
    assert said.startswith(f"Keystone at {URL} ")
    assert words.lower() in said.lower()


def test_no_cloud_was_selected():
    error = exceptions.MissingRequiredOptions(
        [types.SimpleNamespace(name="auth-url", dest="auth_url")]
    )
    with pytest.raises(errors.MigrateError, match="set OS_CLOUD"):
        sign_in.authenticate(Manager(error))


@pytest.mark.parametrize(
    "config, is_selected",
    [
        ({"auth_type": "password"}, False),
        ({"auth_type": "password", "auth": {}}, False),
        ({"auth_type": "password", "auth_url": URL}, True),
        ({"auth_type": "password", "auth": {"auth_url": URL}}, True),
        ({"auth_type": "none"}, True),
    ],
)
def test_the_options_are_read_before_osc_lib_checks_them(config, is_selected):
    desk = Desk(None)
    desk.app.options = types.SimpleNamespace(cloud="")
    desk.app.cloud_config = types.SimpleNamespace(
        get_one=lambda **_: types.SimpleNamespace(config=config)
    )
    command = Live(desk.app, None)
    if is_selected:
        assert command.auth_required
        return
    with pytest.raises(errors.MigrateError) as caught:
        _ = command.auth_required
    assert str(caught.value) == (
        "no cloud is selected: set OS_CLOUD, or OS_AUTH_URL, OS_USERNAME,"
        " OS_PASSWORD and OS_PROJECT_NAME"
    )


def test_every_command_signs_in_this_way():
    """osc_lib looks at this attribute just before it gets the token."""
    desk = Desk(None)
    desk.app.client_manager = Manager(
        exceptions.ConnectFailure("Connection refused")
    )
    with pytest.raises(errors.MigrateError, match="refuses connections"):
        _ = Live(desk.app, None).required_scope


@pytest.mark.parametrize(
    "message, needs",
    [
        ("Policy doesn't allow os_compute_api:os-services:list", True),
        ("Quota exceeded for cores", False),
    ],
)
def test_missing_rights_are_named_with_the_user(message, needs):
    class Refused(Live):
        def take_action(self, parsed_args):
            raise errors.ApiError("Nova", "list services", 403, message)

    desk = Desk(None)
    desk.app.client_manager.auth_ref = types.SimpleNamespace(
        username="demo", project_name="demo"
    )
    with pytest.raises(errors.ApiError) as caught:
        desk.run(Refused, "vm1")
    said = str(caught.value)
    assert ("needs an admin; you are demo in project demo" in said) is needs
    assert ("HTTP 403" in said) is not needs


def test_a_server_where_a_host_is_expected(healthy):
    desk = Desk(Mover(healthy.connection))
    with pytest.raises(errors.NotFound) as caught:
        desk.run(Preflight, "--host", "vm1")
    assert str(caught.value).endswith("; vm1 is a server on HostB")


class Unversioned(Manager):
    """Discovery fails; keystoneauth logs that before it raises."""

    @property
    def auth_ref(self):
        logging.getLogger("keystoneauth.identity.generic.base").warning(
            "Failed to discover available identity versions"
        )
        raise self._error


@pytest.mark.parametrize("debug", [False, True])
def test_the_warning_of_discovery_is_for_debug_alone(caplog, debug):
    log = logging.getLogger("keystoneauth.identity.generic.base")
    level = logging.DEBUG if debug else logging.WARNING
    manager = Unversioned(exceptions.DiscoveryFailure("x"))
    with caplog.at_level(level), pytest.raises(errors.MigrateError):
        sign_in.authenticate(manager)
    assert log.filters == []
    assert bool(caplog.records) is debug


def test_a_check_without_rights_says_who_needs_which():
    refusal = "Policy doesn't allow os_compute_api:os-services:list"
    error = errors.ApiError("Nova", "list services", 403, refusal)
    shown = []

    class Row(Live):
        def take_action(self, parsed_args):
            shown.extend(base.cells(parsed_args, [str(error)]))
            return (), ()

    desk = Desk(None)
    desk.app.client_manager.auth_ref = types.SimpleNamespace(
        username="demo", project_name=r"\g<1>"
    )
    desk.run(Row, "vm1")
    assert shown == [
        "Nova could not list services: needs an admin; you are demo in project"
        r" \g<1>"
    ]
