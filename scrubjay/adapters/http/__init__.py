"""Other people's servers over HTTP: webhooks' receivers, names resolved, Retry-After read."""
