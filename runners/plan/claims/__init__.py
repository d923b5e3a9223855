"""Claims: entries read as data, tried on every framework they apply to, and drawn up as one plan."""
