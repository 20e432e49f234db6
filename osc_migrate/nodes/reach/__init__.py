"""What one node reaches of another."""
