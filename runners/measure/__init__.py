"""Impure: servers, load, sensors; everything that touches the machine."""
