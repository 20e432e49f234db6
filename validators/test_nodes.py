"""Every check of a node, of a pair of nodes and of all nodes."""

from osc_migrate.nodes import node_checks

from .plugin import settle


def scope(name):
    """What a test is repeated for: see plugin."""

    def mark(test):
        test.scope = name
        return test

    return mark


@scope("every")
def test_node_answers(request, nodes_there, node, record_property):
    finding = node_checks.answered(node, nodes_there.survey.lost.get(node))
    settle(request.config, finding, record_property)


@scope("node")
def test_node(validate, nodes_there, check, subject):
    validate(check, nodes_there[subject])


@scope("storage")
def test_storage(validate, nodes_there, check, subject):
    validate(check, nodes_there[subject])


@scope("pair")
def test_pair(validate, nodes_there, check, subject):
    validate(check, nodes_there.pair(subject))


@scope("cluster")
def test_cluster(validate, nodes_there, check, subject):
    validate(check, nodes_there.cluster)
