"""What became of the turns, read from Redis: one by one, in lists, of an owner, the dead."""
