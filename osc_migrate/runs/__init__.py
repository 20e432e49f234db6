"""Doing a plan: journal, limits, gate, and the engine that moves servers."""
