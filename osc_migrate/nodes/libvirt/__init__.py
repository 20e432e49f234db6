"""libvirt and QEMU: daemons, settings, ports."""
