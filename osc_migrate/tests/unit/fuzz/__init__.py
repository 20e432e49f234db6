"""Readers of untrusted input, given what they should not get."""
