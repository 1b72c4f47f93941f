"""Redis' side of webhooks: the registry, the outboxes, deliveries and their log."""
