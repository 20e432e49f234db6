"""Names of projects."""

from collections.abc import Iterable

from osc_migrate import errors
from osc_migrate.cloud.rest import Api
from osc_migrate.facts import Unread, fact


def project_names(keystone: Api, ids: Iterable[str]) -> dict[str, str]:
    """Return project ID -> name, as far as this user may read them."""
    wanted_ids = set(ids)
    if not wanted_ids:
        return {}
    try:
        return {
            project: row.text("name")
            for row in keystone.pages(
                "/projects", "projects", "list the projects", marker=None
            )
            if (project := fact(row.text, "id")) in wanted_ids
        }
    except (errors.ApiError, Unread):
        return {}
