"""Signing and hashing: receipts, tokens, what stands for an owner."""
