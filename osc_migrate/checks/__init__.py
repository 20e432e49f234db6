"""Checks of the requirements of a move, based on API facts alone."""
