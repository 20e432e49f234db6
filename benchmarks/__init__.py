"""What the plugin costs: being installed, and asking a large cloud."""
