"""The machine: clock, memory, CPUs, packages."""
