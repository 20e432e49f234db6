"""Addresses, names, links, firewall."""
