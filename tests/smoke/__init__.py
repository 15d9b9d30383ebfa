"""The smoke test: against a stack that works, and against some that don't."""
