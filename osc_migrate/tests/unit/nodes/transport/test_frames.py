import pytest

from osc_migrate.nodes.transport.frames import Script, Stream


@pytest.mark.parametrize("piece", range(1, 40))
def test_a_mark_may_come_in_pieces(piece):
    stream = Stream("word")
    data = b"wor\nword. word.2.0; word.1.12;next word.2.7;"
    taken = []
    for at in range(0, len(data), piece):
        stream.feed(data[at : at + piece])
        while (found := stream.take(len(taken) + 1)) is not None:
            taken.append(found)
    assert taken == [(b"wor\nword. word.2.0; ", 12), (b"next ", 7)]
    assert not stream.buffer


def test_a_mark_without_a_number_is_a_failure():
    stream = Stream("word")
    stream.feed(b"x word.1.?;")
    assert stream.take(1) == (b"x ", 255)


@pytest.mark.parametrize("digits", [4, 5001])
def test_no_status_has_so_many_digits(digits):
    stream = Stream("word")
    stream.feed(b"x word.1." + b"1" * digits + b";")
    assert stream.take(1) == (b"x ", 255)


def test_each_session_has_its_own_word():
    assert Script().word != Script().word
