"""What is read of machine and processes."""
