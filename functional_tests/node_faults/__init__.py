"""Each check of a node against a fault made on a real one."""
