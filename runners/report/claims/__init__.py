"""Claims judged: from stored trials to ratios with intervals, answers and verdicts."""
