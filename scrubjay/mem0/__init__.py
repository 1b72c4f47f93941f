"""Mem0's shapes, filters, statuses and messages, for all surfaces that serve its users: HTTP, library and MCP."""
