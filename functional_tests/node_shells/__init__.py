"""Shells on nodes: real sshds, each with something the matter."""
