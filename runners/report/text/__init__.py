"""Tables and other text files."""
