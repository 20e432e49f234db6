"""Measure the plugin's cost: when installed, and in a large cloud."""
