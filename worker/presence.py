"""Presence: a worker process shows that it is alive."""

from __future__ import annotations

import asyncio
import contextlib

from scrubjay.errors import InboxUnavailable
from scrubjay.logging_setup import attempted
from scrubjay.ports import Pulse

_EVERY_SECONDS = 5  # a process counts as gone after three that were missed
_LEAVING_SECONDS = 1


async def stay_present(pulse: Pulse, process: str) -> None:
    """Show again and again that a worker process is alive, until cancelled; then that it has ended.

    Args:
        pulse: where it is shown.
        process: its name, which no other process has at the same time.
    """
    try:
        while True:
            await attempted("presence", pulse.beat(process))
            await asyncio.sleep(_EVERY_SECONDS)
    finally:
        with contextlib.suppress(InboxUnavailable, TimeoutError):
            async with asyncio.timeout(_LEAVING_SECONDS):
                await pulse.leave(process)
