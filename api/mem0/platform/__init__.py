"""Mem0's platform surface, a module for each resource."""
