"""The sweep: lanes whose time has come are made ready, and deletions that were noted are repeated."""

from __future__ import annotations

import asyncio

import structlog

from scrubjay.erase.removals import repeat_forever
from scrubjay.ingest.drain import Remembering
from scrubjay.logging_setup import attempted
from scrubjay.ports import Inbox

log = structlog.get_logger(__name__)


async def sweep_forever(inbox: Inbox, parts: Remembering, every_seconds: float) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time.

    Each step is done whatever becomes of the others, and none ends the sweeping. Removals are repeated beside it, and
    lanes are made ready however long they take.
    """
    removing = asyncio.create_task(repeat_forever(inbox, parts.lanes, parts.store, every_seconds))
    try:
        while True:
            await asyncio.sleep(every_seconds)
            await attempted("clock", parts.clock.look())
            sent = await attempted("sweep", inbox.sweep())
            if sent:
                log.info("swept", messages=sent)
    finally:
        removing.cancel()
