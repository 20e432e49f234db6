"""What Cinder volumes need on a node."""
