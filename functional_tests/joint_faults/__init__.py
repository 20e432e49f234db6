"""Real faults: what Nova says of them, and what is said here before and
after."""
