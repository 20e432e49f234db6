"""nova.conf."""
