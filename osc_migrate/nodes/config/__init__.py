"""nova.conf of compute nodes."""
