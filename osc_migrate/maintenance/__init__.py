"""Many servers: drain, return and rebalance hosts."""
