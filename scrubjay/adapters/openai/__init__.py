"""Any endpoint that speaks OpenAI's API: completions and embeddings, and their prices."""
