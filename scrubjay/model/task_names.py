"""What the inbox, the worker and Celery's configuration call the tasks and the queue."""

from __future__ import annotations

DRAIN_TASK = "scrubjay.drain"
DELIVER_TASK = "scrubjay.deliver"
SWEEP_TASK = "scrubjay.sweep"
QUEUE = "scrubjay"
