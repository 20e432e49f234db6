"""Reaches the compute nodes: one shell each, kept for the whole run."""
