"""Compute and storage nodes: one package for each subject."""
