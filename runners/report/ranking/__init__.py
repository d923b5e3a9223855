"""Rows against each other."""
