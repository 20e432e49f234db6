"""Nova's log on a node: the lines of one move, and no others."""
