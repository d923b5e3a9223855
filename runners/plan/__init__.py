"""Pure: from manifests and options to a plan."""
