"""What the operator types; the only room that knows cliff and OSC."""
