"""The machine: clock, memory, processors, packages."""
