"""The virt driver of the embedded cloud, without a hypervisor."""
