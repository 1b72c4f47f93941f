"""Celery's connection to Redis, made to look for it every second, however long it has been away.

Celery waits two seconds longer after each attempt, up to half a minute: for so long turns would wait for nothing.
"""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection

_RETRY_SECONDS = 1.0


class PromptConnection(Connection):
    """A connection that is tried again after one second, each time."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connect, again and again if need be."""
        intervals = {f"interval_{name}": _RETRY_SECONDS for name in ("start", "step", "max")}
        return super().ensure_connection(*args, **{**intervals, **options})  # type: ignore[no-untyped-call] # theirs


class Amqp(AMQP):
    """What Celery makes its connections with."""

    Connection = PromptConnection
