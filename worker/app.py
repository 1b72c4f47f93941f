"""The Celery app. `celery -A scrubjay.worker.app worker` runs it; what it is made of stands in `celeryconfig.py`."""

from __future__ import annotations

from celery import Celery

app = Celery("scrubjay", amqp="scrubjay.worker.transport:Amqp")
app.config_from_object("scrubjay.worker.celeryconfig")
