"""A whole comparison, from what was asked for to its results."""
