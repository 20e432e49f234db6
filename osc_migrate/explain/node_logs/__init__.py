"""Nova's and QEMU's logs on a node: the lines of one move, and no others."""
