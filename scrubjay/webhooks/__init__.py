"""Webhooks: registered addresses, and the deliveries to them."""
