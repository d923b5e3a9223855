"""Sessions that are killed at random moments and gone on with; see `python -m tests.chaos --help`."""
