"""Real messages with their true cause: what ``explain`` must recognize.

Each has a cause, a source and a message. The message is as the program
writes it, filled in; the source is the file of the project that has it, or
the public report that quotes it. The cause was read from that source, not
from what the patterns find. An empty cause: ``explain`` has none, and must
not name one.
"""

import pathlib

import yaml

CORPUS = [
    (entry["cause"], entry["source"], entry["message"])
    for path in sorted(pathlib.Path(__file__).parent.glob("*.yaml"))
    for entry in yaml.safe_load(path.read_text())
]
