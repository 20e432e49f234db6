"""The virt driver of the embedded cloud: there is no hypervisor behind it."""
