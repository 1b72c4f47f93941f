"""A turn becomes memories: drain a lane, extract facts, reconcile, plan, record, apply; and the sweep."""
