"""Questions and their reading: osc_migrate/model/node/system.py"""

from osc_migrate.facts.node.said import Said
from osc_migrate.model.answers import Question
from osc_migrate.model.node.config import Config
from osc_migrate.model.node.system import System


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    return {"release": Question("cat /etc/os-release /usr/lib/os-release")}


def read(said: Said) -> System:
    release = said.pairs("release", 1)
    return System(
        os_id=release.get("ID", "").lower(),
        os_like=tuple(release.get("ID_LIKE", "").lower().split()),
    )
