"""The figures of trials."""
