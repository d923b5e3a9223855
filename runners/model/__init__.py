"""The values that pass between planning, measuring, storing and reporting; only what is stored."""
