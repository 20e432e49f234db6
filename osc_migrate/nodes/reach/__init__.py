"""Connections from one node to another."""
