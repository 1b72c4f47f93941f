"""Turnstone's shared package: what remembering is."""
