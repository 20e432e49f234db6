"""Questions and their reading: osc_migrate/model/node/network.py"""

from osc_migrate.facts.node.said import Said
from osc_migrate.model.answers import Question
from osc_migrate.model.node.config import Config
from osc_migrate.model.node.network import Network


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    return {}


def read(said: Said) -> Network:
    return Network()
