"""What to try from one node towards the others, and how it went.

Asked after everything else, all others in one go, so that N nodes cost N
sessions.
"""

from collections.abc import Mapping, Sequence

from osc_migrate.model.answers import Answers, Question
from osc_migrate.model.node import NodeFacts
from osc_migrate.model.node.reach import Reach


def listen(node: NodeFacts) -> dict[str, Question]:
    """Opens a port of the node's migration range for a while, for the
    others to connect to; ends by itself."""
    return {}


def questions(
    node: NodeFacts,
    peers: Sequence[NodeFacts],
    listening: Mapping[str, Answers],
) -> dict[str, Question]:
    """What to try from a node towards its peers.

    :param listening: of each peer, what :func:`listen` answered; empty when
        nothing on a node may be touched.
    """
    return {}


def silence(answers: Answers) -> dict[str, Question]:
    """Closes what :func:`listen` opened on the node, by its answers."""
    return {}


def read(answers: Answers) -> dict[str, Reach]:
    """Name of a peer -> how it went, from answers named 'reach.*'."""
    return {}
