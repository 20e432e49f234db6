"""Guests on a node, according to libvirt."""
