"""Asking a language model: structured answers, JSON schemas, prompts, and who pays for a call."""
