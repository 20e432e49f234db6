"""The OpenStack APIs: one module for each resource."""
