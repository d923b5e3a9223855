"""Pure: from stored trials to figures, doubts, tables, charts and a page."""
