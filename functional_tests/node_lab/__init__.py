"""The lab of nodes: what is in it, its life, and its leftovers."""
