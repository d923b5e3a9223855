"""What keeps a session honest: the contract, quiet, sentinels."""
