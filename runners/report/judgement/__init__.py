"""Doubts and verdicts."""
