"""Tasks that are to end, and do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

_PAUSE_SECONDS = 1.0


async def ended(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    """Cancel the asyncio tasks of a Python `Memory` or `MemoryClient` as it closes, until they have ended.

    It tries again: a cancellation that meets the end of a time limit can get lost on the way.
    """
    left = {task for task in tasks if task is not None}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_PAUSE_SECONDS)
        await asyncio.gather(*done, return_exceptions=True)  # what ended them has been told where it happened
