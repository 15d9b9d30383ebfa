"""Holding the lease of a session: taken, renewed, fenced, given back; and waiting for one."""
