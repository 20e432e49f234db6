"""An overlay directory with the files that are specific to one node.

A directory in a layer hides mode and owner of the same directory in the tree,
so that any other than 0755 and root must be specified.
"""

import os
import pathlib

Owner = tuple[int, int]  #: uid, gid
ROOT: Owner = (0, 0)


class Layer:
    """Write files below one directory, by their paths on the node."""

    def __init__(self, top: pathlib.Path) -> None:
        self.top = top
        if not top.exists():
            top.mkdir(parents=True)
            top.chmod(0o755)

    def path(self, name: str) -> pathlib.Path:
        """Return the location on this machine of a path on the node."""
        return self.top / name.lstrip("/")

    def directory(
        self, name: str, mode: int = 0o755, owner: Owner = ROOT
    ) -> None:
        """Create or change a directory; parents are root's and 0755."""
        path = self.path(name)
        if not path.parent.exists():
            self.directory(os.path.dirname(name))
        path.mkdir(exist_ok=True)
        path.chmod(mode)  # regardless of the umask
        os.chown(path, *owner)

    def write(
        self,
        name: str,
        content: str | bytes,
        mode: int = 0o644,
        owner: Owner = ROOT,
    ) -> None:
        """Create a file, and its directory if necessary."""
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
        """Create a symbolic link."""
        path = self.path(name)
        if not path.parent.exists():
            self.directory(os.path.dirname(name))
        path.symlink_to(target)
