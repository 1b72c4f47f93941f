"""The sweep: lanes whose time has come are made ready, and deletions that were noted are repeated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from scrubjay.erase.removals import RemovalServices, repeat_forever
from scrubjay.logging_setup import attempted
from scrubjay.ports import Clock, Sweeper

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SweepServices:
    """What the sweep needs.

    Args:
        sweeper: makes lanes ready.
        clock: compared with the monotonic clock each time.
        removals: what repeating removals needs.
    """

    sweeper: Sweeper
    clock: Clock
    removals: RemovalServices


async def sweep_forever(every_seconds: float, services: SweepServices) -> None:
    """Sweep again and again; every process does, and Redis lets one of them through each time.

    Each step is done whatever becomes of the others, and none ends the sweeping. Removals are repeated beside it, and
    lanes are made ready however long they take.
    """
    removing = asyncio.create_task(repeat_forever(every_seconds, services.removals))
    try:
        while True:
            await asyncio.sleep(every_seconds)
            await attempted("clock", services.clock.look())
            sent = await attempted("sweep", services.sweeper.sweep())
            if sent:
                log.info("swept", messages=sent)
    finally:
        removing.cancel()
