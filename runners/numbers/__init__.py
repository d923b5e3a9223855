"""Pure and free of the project's own words: histograms, intervals, tests."""
