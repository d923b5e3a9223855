"""Real documents and command lines, changed at random: whatever is read is accepted, or refused in one line."""
