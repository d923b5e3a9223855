"""Servers: one, those of a round, and the one that does nothing."""
