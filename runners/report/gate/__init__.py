"""What a gate decides, and how it is told."""
