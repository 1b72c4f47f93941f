"""What the tests cost: processor time, in units that are the same on a fast and on a slow machine."""
