"""A Qdrant server for one machine: Qdrant's own engine behind the REST routes that a memory store uses.

Run it with `python -m scrubjay.devstack.qdrant_engine --host 127.0.0.1 --port 6333 --data DIR` and talk to it
with an unmodified `qdrant-client`. It is a program of its own: it imports nothing else of `scrubjay`.
"""
