"""One server's move: start, follow, abort, verify, repair."""
