"""The tasks. Each receives ids and does one thing; a failure it can answer for stays in the inbox, not in Celery."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

import structlog
from celery import signals

from scrubjay.errors import ScrubjayError
from scrubjay.model.names import DELIVER_TASK, DRAIN_TASK, SWEEP_TASK
from scrubjay.webhooks.delivery import deliver
from scrubjay.worker.app import app
from scrubjay.worker.event_loop import WorkerLoop, configured

log = structlog.get_logger(__name__)

_worker: list[WorkerLoop] = []


@signals.worker_init.connect
def _start(**_: Any) -> None:
    worker = configured()
    worker.start()
    _worker.append(worker)


@signals.worker_shutting_down.connect
def _wind_down(**_: Any) -> None:
    for worker in _worker:
        worker.wind_down()


@signals.worker_shutdown.connect
def _stop(**_: Any) -> None:
    while _worker:
        _worker.pop().stop()


@app.task(name=DRAIN_TASK)
def drain_next() -> None:
    """Apply waiting turns of the lane whose turn it is. The message only says that there is one."""
    _answering(lambda worker: worker.drain_next())


@app.task(name=DELIVER_TASK)
def deliver_webhook(hook: str) -> None:
    """Deliver what is due for one webhook, which is named by its tenant and its id.

    It is only begun here: a receiver may be slow, and Celery's threads are for the lanes.
    """
    tenant, _, webhook_id = hook.partition(":")
    _answering(
        lambda worker: worker.begin(
            deliver(tenant, webhook_id, worker.parts.delivery), lambda done: _answering(lambda _: done.result())
        )
    )


@app.task(name=SWEEP_TASK)
def sweep() -> None:
    """Make lanes ready that are due; for beat and for people. Workers also sweep by themselves."""
    _answering(lambda worker: worker.run(worker.parts.sweeper.sweep()))


def _answering(work: Any) -> None:
    """The task boundary: nothing escapes to Celery, as the inbox already knows what is to be done again."""
    try:
        work(_worker[0])
    except CancelledError:
        log.info("drain_cancelled")
    except ScrubjayError as error:
        log.warning("task_gave_up", error=error.code, reason=error.plain)
    except Exception:
        log.exception("task_failed")
