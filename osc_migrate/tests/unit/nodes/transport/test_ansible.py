import pytest

from osc_migrate.nodes.transport import ansible


@pytest.mark.parametrize(
    "listed",
    [
        5,
        [],
        {"all": 5, "_meta": 5},
        {"all": {"hosts": 5}, "_meta": {"hostvars": 5}},
        {"all": {"hosts": [5, {}]}, "_meta": {"hostvars": {"web": 5}}},
    ],
)
def test_a_list_of_another_shape_names_no_hosts(listed):
    assert ansible._hosts(listed) == {}


def test_a_host_without_variables_is_in_groups_only():
    listed = {
        "all": {"hosts": ["one", "two"]},
        "_meta": {"hostvars": {"two": {"ansible_port": 2222}}},
    }
    hosts = {"one": {}, "two": {"ansible_port": 2222}}
    assert ansible._hosts(listed) == hosts
