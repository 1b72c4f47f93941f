"""The sweep: wake-up messages that were lost are sent again, and deletions that were noted are repeated."""

from __future__ import annotations

import asyncio

import structlog

from scrubjay.erase.tombstones import finish_removals
from scrubjay.errors import ScrubjayError
from scrubjay.ingest.drain import Remembering
from scrubjay.ports import Inbox

log = structlog.get_logger(__name__)


async def sweep_forever(inbox: Inbox, parts: Remembering, every_seconds: float) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await parts.clock.look()
            rung = await inbox.sweep()
            repeated = await finish_removals(inbox, parts.lanes, parts.store)
        except ScrubjayError as error:  # whatever it is, the next sweep comes
            log.warning("sweep_failed", reason=error.plain)
        else:
            if rung or repeated:
                log.info("swept", bells=rung, removals=repeated)
