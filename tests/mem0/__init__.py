"""Mem0's own clients, unmodified, against Scrubjay."""
