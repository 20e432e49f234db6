"""Certificates and keys of libvirt and QEMU."""
