"""The sweep: wake-up messages that were lost are sent again, and deletions that were noted are repeated."""

from __future__ import annotations

import asyncio

import structlog

from scrubjay.erase.removals import repeat_forever
from scrubjay.errors import reason_of
from scrubjay.ingest.drain import Remembering
from scrubjay.ports import Inbox

log = structlog.get_logger(__name__)


async def sweep_forever(inbox: Inbox, parts: Remembering, every_seconds: float) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time.

    Removals are repeated beside it: however long they take, lanes are rung for.
    """
    removing = asyncio.create_task(repeat_forever(inbox, parts.lanes, parts.store, every_seconds))
    try:
        while True:
            await asyncio.sleep(every_seconds)
            (failure,) = await asyncio.gather(_sweep(inbox, parts), return_exceptions=True)
            if failure is not None:  # whatever it is, the next sweep comes
                log.warning("sweep_failed", reason=reason_of(failure))
    finally:
        removing.cancel()


async def _sweep(inbox: Inbox, parts: Remembering) -> None:
    """Sweep once, where it is our turn."""
    await parts.clock.look()
    rung = await inbox.sweep()
    if rung:
        log.info("swept", bells=rung)
