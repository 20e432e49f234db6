"""A directory that is laid over the tree: what one node has of its own.

A directory in a layer hides the mode and the owner of the same directory in
the tree, so those that are not 0755 of root have to be said.
"""

import os
import pathlib

Owner = tuple[int, int]  #: uid, gid
ROOT: Owner = (0, 0)


class Layer:
    """Writes files below one directory, by the path they have in a node."""

    def __init__(self, top: pathlib.Path) -> None:
        self.top = top
        if not top.exists():
            top.mkdir(parents=True)
            top.chmod(0o755)

    def path(self, name: str) -> pathlib.Path:
        """Where a path of the node lies on this machine."""
        return self.top / name.lstrip("/")

    def directory(
        self, name: str, mode: int = 0o755, owner: Owner = ROOT
    ) -> None:
        """Make a directory, or change it; parents are root's and 0755."""
        path = self.path(name)
        if not path.parent.exists():
            self.directory(os.path.dirname(name))
        path.mkdir(exist_ok=True)
        path.chmod(mode)  # whatever the umask is
        os.chown(path, *owner)

    def write(
        self,
        name: str,
        content: str | bytes,
        mode: int = 0o644,
        owner: Owner = ROOT,
    ) -> None:
        """Make a file, and its directory if need be."""
        path = self.path(name)
        if not path.parent.exists():
            self.directory(os.path.dirname(name))
        path.touch(0o600)
        path.write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        path.chmod(mode)
        os.chown(path, *owner)

    def link(self, name: str, target: str) -> None:
        """Make a symbolic link."""
        path = self.path(name)
        if not path.parent.exists():
            self.directory(os.path.dirname(name))
        path.symlink_to(target)
