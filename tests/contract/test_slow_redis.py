"""A Redis that does not answer for a while: callers are refused in time, and those who gave up leave nothing behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
from redis.asyncio import Redis

from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, free_port
from scrubjay.errors import InboxUnavailable
from tests.conftest import running
from tests.contract.desk import Desk, desk_on
from tests.support import wait_until

SENT_AT_ONCE = 256
MAY_WAIT = 2_000
Slow = tuple[Desk, subprocess.Popen[bytes]]


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Slow]:
    """A desk on a Redis of its own, which can be stopped."""
    port = free_port()
    with running(list(redis_part(tmp_path, port).command)) as process:
        await wait_until(lambda: answers_ping(port), what="Redis answering")
        async with Redis(port=port) as client:
            yield desk_on(client, InboxLimits()), process
            process.send_signal(signal.SIGCONT)


async def test_while_redis_does_not_answer_accepts_are_refused_in_time_and_beyond_a_bound_at_once(slow: Slow) -> None:
    desk, process = slow
    await desk.post("the scripts are loaded")
    process.send_signal(signal.SIGSTOP)
    start, refused_after = monotonic(), list[float]()

    async def refused() -> None:
        with pytest.raises(InboxUnavailable):
            await desk.post()
        refused_after.append(monotonic() - start)

    await asyncio.gather(*(refused() for _ in range(SENT_AT_ONCE + MAY_WAIT + 100)))
    at_once = [seconds for seconds in refused_after if seconds < 4]
    assert len(at_once) >= 100
    assert max(refused_after) < 8

    process.send_signal(signal.SIGCONT)
    await desk.post("it answers again")
    # What was sent before its caller gave up may have been done. On a busy machine callers give up one after the other,
    # and some that waited are sent in their places; those beyond the bound never are.
    assert 2 <= (await desk.turns.ledger("default")).accepted <= 2 + SENT_AT_ONCE + MAY_WAIT
