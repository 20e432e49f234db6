"""The first request of every command: a token of Keystone."""

from typing import Any

from keystoneauth1 import exceptions

from osc_migrate.errors import MigrateError
from osc_migrate.text import printable

# What requests and urllib3 write, and what it means.
_MEANINGS = (
    ("Connection refused", "refuses connections; is it running?"),
    ("resolve", "has a host name that does not resolve; see OS_AUTH_URL"),
    ("not known", "has a host name that does not resolve; see OS_AUTH_URL"),
    ("timed out", "does not answer in time"),
)


def authenticate(client_manager: Any) -> None:
    """Gets the token that the command will use.

    :param client_manager: openstackclient's.
    :raises MigrateError: Keystone cannot be reached.
    """
    try:
        _ = client_manager.auth_ref
    except exceptions.SSLError as error:
        raise MigrateError(
            f"{_keystone(client_manager)} has a certificate that is not"
            " trusted; give its CA with --os-cacert or OS_CACERT"
        ) from error
    except exceptions.ConnectionError as error:
        text = str(error)
        meaning = next(
            (explanation for part, explanation in _MEANINGS if part in text),
            "cannot be reached; --debug shows why",
        )
        raise MigrateError(f"{_keystone(client_manager)} {meaning}") from error


def _keystone(client_manager: Any) -> str:
    url = getattr(client_manager.auth, "auth_url", None)
    return f"Keystone at {printable(url, 200)}" if url else "Keystone"


def who(client_manager: Any) -> str:
    """The user and the project of the token; empty where not known."""
    token = getattr(client_manager, "auth_ref", None)
    user = getattr(token, "username", None)
    project = getattr(token, "project_name", None)
    if not user:
        return ""
    return f"{user} in project {project}" if project else str(user)
