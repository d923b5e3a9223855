"""Rows, tables, and everything that a report tells."""
