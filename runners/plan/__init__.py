"""Pure: from manifests and wishes to a plan."""
