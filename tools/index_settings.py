"""Prints pip's settings of indexes, certificates and proxy for uv.

The output is for a shell to evaluate.  uv reads neither pip's files nor its
variables; a variable of uv's that is set already stays as it is.

usage: python tools/index_settings.py
"""

import ast
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

#: pip's setting: the variables of uv, any of which the user may have set
_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "retries": ("UV_HTTP_RETRIES",),
}
#: what overrides what: the last one wins
_SECTIONS = ("global", "install", ":env:")


def parsed(listing: str) -> dict[str, str]:
    """What `pip config list` shows: setting -> value."""
    found: dict[tuple[int, str], str] = {}
    for line in listing.splitlines():
        name, equals, value = line.partition("=")
        section, _, setting = name.rpartition(".")
        if equals and section in _SECTIONS:
            text = str(ast.literal_eval(value))
            found[_SECTIONS.index(section), setting] = text
    return {setting: value for (_, setting), value in sorted(found.items())}


def for_uv(
    settings: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables to set.

    :param settings: pip's
    :param environment: in which uv is going to run
    """
    variables = {}
    for setting, names in _NAMES.items():
        value = settings.get(setting)
        if value and not any(environment.get(name) for name in names):
            # pip takes several, between blanks.
            separator = "," if setting == "find-links" else " "
            variables[names[0]] = separator.join(value.split())
    if {"UV_INDEX", "UV_EXTRA_INDEX_URL"} & (
        variables.keys() | environment.keys()
    ):
        # As pip: of all versions in all indexes, the best.
        variables.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return variables


def main() -> None:
    """Ask the pip of this Python."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name, value in for_uv(parsed(listing), os.environ).items():
        if name not in os.environ:
            print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
