"""Qdrant: the store of memories."""
