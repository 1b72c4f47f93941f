"""Steps of what goes on in the background: one that fails is logged and ends nothing."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import structlog

from scrubjay.errors import ScrubjayError

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def attempted(
    step: str, work: Awaitable[T], *, expected: type[ScrubjayError] | tuple[type[ScrubjayError], ...] = ()
) -> T | None:
    """Do one step of a task that goes on for ever. Returns None where it has failed: it is done again the next time.

    Args:
        step: its name, for the log.
        work: what it does.
        expected: failures that others tell of, so that nothing is logged.
    """
    try:
        return await work
    except expected:
        return None
    except ScrubjayError as error:
        log.warning("step_failed", step=step, error=error.code, reason=error.plain)
    except Exception:  # a task that has ended is missed by nobody until it is too late
        log.exception("step_failed", step=step)
    return None
