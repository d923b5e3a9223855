"""k6: how it is started, when it is let in, what it saw."""
