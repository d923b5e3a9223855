"""What a session of equal copies says of the rig."""
