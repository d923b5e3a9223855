"""What a concurrency model predicts, and what limited a cell."""
