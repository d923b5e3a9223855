"""What is measured: one folder for each framework, and the work they all do."""
