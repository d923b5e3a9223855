"""Decides what to measure, measures it and tells what was seen."""
