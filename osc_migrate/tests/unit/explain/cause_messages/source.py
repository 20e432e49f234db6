"""Where a message comes from, and what many of them have in them."""

# Seen on a cloud of Nova 34 with libvirt 9.0 and QEMU 7.2; or Nova's own
# text, filled in; or a document.
SEEN, NOVA, DOC = "seen", "nova", "document"
UUID = "31f0d531-570e-4951-9e74-d56ab200d422"
PRECHECK = "Migration pre-check error: "
