"""The rules. Standard library only: no I/O, no clock, no environment; a rule that needs the time is given it."""
