"""Reads the world once; never writes."""
