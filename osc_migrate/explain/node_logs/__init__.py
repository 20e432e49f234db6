"""Read the lines of one move from Nova's and QEMU's logs on a node."""
