"""Answers that never end, over a real socket."""

import contextlib
import socket
import threading
import time

import pytest
import requests

from osc_migrate import errors
from osc_migrate.cloud import bounded_body
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.tests.unit.sky import VM1

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def service(head, piece, pause=0.0):
    """Sends `piece` again and again, whatever it is asked; its URL.

    Closes the connection when there is none.
    """

    def serve():
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(head)
                while piece:
                    client.sendall(piece)
                    time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield "http://127.0.0.1:{1}/".format(*listener.getsockname())
    thread.join(5)


@pytest.mark.parametrize(
    "head, piece",
    [(HEAD, b"x" * 65536), (CHUNKED, b"2000\r\n" + b"x" * 8192 + b"\r\n")],
)
def test_a_body_without_end_is_given_up(monkeypatch, head, piece):
    monkeypatch.setattr(bounded_body, "MAX_BYTES", 2 * 1024**2)
    with service(head, piece) as url:
        answer = requests.get(url, stream=True, timeout=5)
        with pytest.raises(bounded_body.Unbearable, match="larger than 2 MiB"):
            bounded_body.content(answer, 30)


@pytest.mark.parametrize(
    "head, piece", [(HEAD, b"x"), (CHUNKED, b"1\r\nx\r\n")]
)
def test_a_dripping_body_is_given_up(head, piece):
    # Each piece comes well within the timeout of requests.
    with service(head, piece, 0.02) as url:
        answer = requests.get(url, stream=True, timeout=5)
        begin = time.monotonic()
        with pytest.raises(
            bounded_body.Unbearable, match=r"not complete after 0\.3 s"
        ):
            bounded_body.content(answer, 0.3)
        assert time.monotonic() - begin < 2


def test_a_body_that_is_cut_is_no_answer():
    with service(HEAD, b"") as url:
        answer = requests.get(url, stream=True, timeout=5)
        with pytest.raises(requests.ConnectionError, match="no whole answer"):
            bounded_body.content(answer, 5)


def test_operators_are_told_which_answer(healthy, monkeypatch):
    monkeypatch.setattr(bounded_body, "MAX_BYTES", 100)
    healthy.nova("/servers/detail", {"servers": ["x" * 200]})
    with pytest.raises(
        errors.ApiError, match="Nova could not list servers: the answer is"
    ):
        Cloud(healthy.connection).server("vm1")


def test_what_was_logged_is_read_again(healthy, caplog):
    caplog.set_level("DEBUG", logger="keystoneauth")
    assert Cloud(healthy.connection).server(VM1).name == "vm1"


def test_an_empty_body_is_no_json(healthy):
    healthy.nova("/servers/detail", "")
    with pytest.raises(errors.ApiError, match="not JSON"):
        Cloud(healthy.connection).server("vm1")
