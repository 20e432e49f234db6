"""Guests on a node, as libvirt runs them."""
