"""Scrubjay for agents that speak the Model Context Protocol: the eleven tools that Mem0's users know.

A thin translation onto the HTTP client: what is remembered, and who may, is decided by the server behind it.
"""
