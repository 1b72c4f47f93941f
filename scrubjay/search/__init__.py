"""Memories for a question: recall, chat, summaries."""
