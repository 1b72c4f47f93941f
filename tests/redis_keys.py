"""The names of the keys of an installation that has no prefix of its own."""

from __future__ import annotations

from scrubjay.adapters.redis.keys import DEFAULT_KEYS

keys = DEFAULT_KEYS
