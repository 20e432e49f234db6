import pytest

from osc_migrate import text as words


@pytest.mark.parametrize(
    "text, shown",
    [
        ("vm1", "vm1"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\u202eevil", r"\u202eevil"),
        ("\x9b2J", r"\x9b2J"),
        ("größe 機", "größe 機"),
        (7, "7"),
    ],
)
def test_nothing_steers_the_terminal(text, shown):
    assert words.printable(text) == shown


def test_long_names_are_cut():
    assert words.printable("x" * 10_000, 20) == "x" * 17 + "..."
    assert words.printable("\x1b" * 10_000, 20) == r"\x1b" * 4 + r"\..."
    assert words.printable("\x1b" * 5, 20) == r"\x1b" * 5


@pytest.mark.parametrize(
    "name, pasted",
    [
        ("vm1", "vm1"),
        ("web-1.example.org", "web-1.example.org"),
        ("-rf", "ID"),
        ("a b", "ID"),
        ("$(x)", "ID"),
        ("", "ID"),
        # Named like another server's ID: it would be that one.
        ("22222222-2222-2222-2222-222222222222", "ID"),
        ("2222222222222222222222222222222A", "ID"),
        ("222222222222222222222222222222", "222222222222222222222222222222"),
    ],
)
def test_what_is_pasted_is_one_word(name, pasted):
    assert words.paste(name, "ID") == pasted


def test_an_id_is_pasted_as_it_is():
    id = "22222222-2222-2222-2222-222222222222"
    assert words.paste(id) == id


def test_a_name_without_id_is_quoted():
    assert words.paste("a; b") == "'a; b'"


@pytest.mark.parametrize(
    "count, said",
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (512 * 1024**2, "512 MiB"),
        (3 * 1024**4, "3.0 TiB"),
        (9000 * 1024**4, "9000 TiB"),
    ],
)
def test_sizes(count, said):
    assert words.size(count) == said


@pytest.mark.parametrize(
    "seconds, said", [(0, "0:00"), (67.9, "1:07"), (3723, "1:02:03")]
)
def test_durations(seconds, said):
    assert words.duration(seconds) == said
