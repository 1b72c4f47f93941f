"""Scrubjay as a Python library, with the names and shapes that Mem0's users know: `from scrubjay import Memory`."""
