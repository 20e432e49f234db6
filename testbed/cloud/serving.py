"""Serve a WSGI application on a socket that the parent has opened."""

import socket
import threading

from werkzeug.serving import WSGIRequestHandler, make_server


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep connections open between requests

    def log_request(self, *args, **kwargs):
        """The services log their requests themselves."""


def serve(application, fd: int) -> None:
    """Serve without end, one thread per connection."""
    with socket.socket(fileno=fd) as sock:
        host, port = sock.getsockname()
        server = make_server(
            host,
            port,
            application,
            threaded=True,
            request_handler=_Handler,
            fd=sock.fileno(),
        )
        server.daemon_threads = True
        server.serve_forever()


def serve_in_thread(application, fd: int) -> None:
    """Serve in a background thread of this process."""
    threading.Thread(target=serve, args=(application, fd), daemon=True).start()
