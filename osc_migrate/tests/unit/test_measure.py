"""The measures themselves, on a product of a few lines."""

import textwrap

import pytest

from tools import measure

FILES = {
    "pyproject.toml": """
        [project.entry-points."openstack.migrate.v1"]
        migrate_live = "osc_migrate.commands.live:Live"
        """,
    "osc_migrate/__init__.py": "",
    "osc_migrate/commands/__init__.py": "",
    "osc_migrate/commands/live.py": """
        import typing
        from osc_migrate import used
        from osc_migrate.named import Shared
        if typing.TYPE_CHECKING:
            from osc_migrate import hinted
        class Live(Shared):
            def run(self):
                return used.needed()
        """,
    "osc_migrate/used.py": """
        from osc_migrate import far, other
        def needed(): return far.FAR
        def never_called(): return other.other
        """,
    "osc_migrate/named.py": "class Shared: pass",
    "osc_migrate/far.py": """
        from osc_migrate import farther
        FAR = (farther.X,)
        """,
    "osc_migrate/farther.py": "X = 1",
    "osc_migrate/other.py": "class Shared: 'nobody and somebody'",
    "osc_migrate/hinted.py": "",
    "osc_migrate/tests/test_x.py": "found = 'nobody'",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return measure.Tree(tmp_path)


def read(reach, tree):
    start = measure.command_module(tree, "live")
    return {name.rpartition(".")[2] for name in reach(tree, start)}


def test_the_closure_has_all_imports_but_those_for_types(tree):
    assert read(measure.closure, tree) == {
        *("live", "used", "named", "far", "other", "farther"),
    }


def test_a_first_reading_ends_after_two_imports(tree):
    assert read(measure.near, tree) == {
        *("live", "used", "named", "far", "other"),
    }


def test_the_trail_leaves_out_what_is_not_called(tree):
    assert read(measure.trail, tree) == {"live", "used", "named", "far"}


def test_tests_are_no_part_of_the_product(tree):
    assert len(tree.paths) == 9
    assert measure.vague_actors(tree) == 2
    assert measure.names_without_meaning(tree) == (0, 8)
    assert measure.shared_class_names(tree) == {
        "Shared": ["osc_migrate.named", "osc_migrate.other"]
    }
