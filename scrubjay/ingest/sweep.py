"""The sweep: lanes whose time has come are made ready, and deletions that were noted are repeated."""

from __future__ import annotations

import asyncio

import structlog

from scrubjay.erase.tombstones import finish_removals
from scrubjay.ingest.drain import Remembering
from scrubjay.logging_setup import attempted
from scrubjay.ports import Inbox

log = structlog.get_logger(__name__)


async def sweep_forever(inbox: Inbox, parts: Remembering, every_seconds: float) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time.

    Each step is done whatever becomes of the others, and none ends the sweeping.
    """
    while True:
        await asyncio.sleep(every_seconds)
        await attempted("clock", parts.clock.look())
        sent = await attempted("sweep", inbox.sweep())
        repeated = await attempted("removals", finish_removals(inbox, parts.lanes, parts.store))
        if sent or repeated:
            log.info("swept", messages=sent or 0, removals=repeated or 0)
