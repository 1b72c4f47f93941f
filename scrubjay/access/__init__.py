"""Who asks, and what they may: authentication, and the life of API keys."""
