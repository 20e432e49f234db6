"""Authentication: the first request of every command, to Keystone."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from keystoneauth1 import exceptions

from osc_migrate.errors import MigrateError
from osc_migrate.text import printable

# Messages of requests and urllib3, and their meaning.
_MEANINGS = (
    ("Connection refused", "refuses connections; is it running?"),
    ("resolve", "has a host name that does not resolve; see OS_AUTH_URL"),
    ("not known", "has a host name that does not resolve; see OS_AUTH_URL"),
    ("timed out", "does not answer in time"),
)
# OpenSSL's error for a server that speaks plain HTTP.
_NO_TLS = ("WRONG_VERSION_NUMBER", "wrong version number", "RECORD_LAYER")

# Logger of "Failed to discover available identity versions ...".
_DISCOVERY = "keystoneauth.identity.generic.base"
# What selects a cloud.
_SELECT = (
    "set OS_CLOUD, or OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and"
    " OS_PROJECT_NAME"
)


def require_cloud(app: Any) -> None:
    """Check that a Keystone is given, before osc_lib checks its options.

    :param app: the shell of python-openstackclient.
    :raises MigrateError: no cloud is selected.
    """
    config = app.cloud_config.get_one(
        cloud=app.options.cloud, argparse=app.options, validate=False
    ).config
    has_url = config.get("auth_url") or (config.get("auth") or {}).get(
        "auth_url"
    )
    if config.get("auth_type") == "password" and not has_url:
        raise MigrateError(f"no cloud is selected: {_SELECT}")


def authenticate(client_manager: Any) -> None:
    """Get the token for the command.

    :param client_manager: of python-openstackclient.
    :raises MigrateError: Keystone cannot be reached.
    """
    try:
        with _without_warning():
            _ = client_manager.auth_ref
    except exceptions.SSLError as error:
        meaning = (
            "does not speak TLS on that port; see OS_AUTH_URL (http or https)"
            if any(part in str(error) for part in _NO_TLS)
            else "has a certificate that is not trusted; give its CA with"
            " --os-cacert or OS_CACERT"
        )
        raise MigrateError(f"{_keystone(client_manager)} {meaning}") from error
    except exceptions.Unauthorized as error:
        raise MigrateError(
            f"{_keystone(client_manager)} does not accept the user, password"
            " or project; see OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME,"
            " or OS_CLOUD"
        ) from error
    except exceptions.NotFound as error:
        raise MigrateError(
            f"{_keystone(client_manager)} is not found there: another path?"
            " See OS_AUTH_URL"
        ) from error
    except exceptions.HttpError as error:
        raise MigrateError(
            f"{_keystone(client_manager)} gives no token: it answers with"
            f" HTTP {error.http_status}; --debug shows more"
        ) from error
    except exceptions.MissingRequiredOptions as error:
        raise MigrateError(
            f"no cloud is selected ({printable(error, 200)}): {_SELECT}"
        ) from error
    except exceptions.DiscoveryFailure as error:
        meaning = _meaning(
            error,
            "shows no version of its API there; see OS_AUTH_URL, which often"
            " ends in /v3",
        )
        raise MigrateError(f"{_keystone(client_manager)} {meaning}") from error
    except exceptions.ConnectionError as error:
        meaning = _meaning(error, "cannot be reached; --debug shows why")
        raise MigrateError(f"{_keystone(client_manager)} {meaning}") from error


def _meaning(error: Exception, otherwise: str) -> str:
    text = str(error)
    return next(
        (explanation for part, explanation in _MEANINGS if part in text),
        otherwise,
    )


@contextlib.contextmanager
def _without_warning() -> Iterator[None]:
    """keystoneauth warns of what is raised in plain words just after; its
    warning is left to --debug."""

    def demoted(record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return True

    log = logging.getLogger(_DISCOVERY)
    log.addFilter(demoted)
    try:
        yield
    finally:
        log.removeFilter(demoted)


def _keystone(client_manager: Any) -> str:
    url = getattr(client_manager.auth, "auth_url", None)
    return f"Keystone at {printable(url, 200)}" if url else "Keystone"


def user_and_project(client_manager: Any) -> str:
    """Return the user and project of the token; empty if unknown."""
    token = getattr(client_manager, "auth_ref", None)
    user = getattr(token, "username", None)
    project = getattr(token, "project_name", None)
    if not user:
        return ""
    return f"{user} in project {project}" if project else str(user)
