"""Forgetting: owners are erased, deletions are noted and repeated, receipts are issued and checked."""
