"""A Redis that dies as it is being connected to, met on the event loop that the API and the workers run on."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from scrubjay.adapters.redis.scripts import RedisScripts, answered
from scrubjay.errors import InboxUnavailable

ROUNDS = 150  # one connection in twenty is lost at the moment in which uvloop has an error of its own for it
RESET_AT_ONCE = struct.pack("ii", 1, 0)


@pytest.fixture
def port() -> Iterator[int]:
    """Where every connection is accepted and reset."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def reset() -> None:
            while True:
                try:
                    accepted, _ = listening.accept()
                except OSError:
                    return
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                accepted.close()

        thread = threading.Thread(target=reset)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_whoever_meets_it_hears_that_redis_does_not_answer(port: int) -> None:
    async def meet() -> list[BaseException | None]:
        redis = Redis(port=port, retry=Retry(NoBackoff(), 0))
        scripts, met = RedisScripts(redis), list[BaseException | None]()
        for _ in range(ROUNDS):
            calls = [*(scripts.run("elect", ["k"], [1]) for _ in range(4)), *(answered(redis.ping()) for _ in range(4))]
            met += await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
        await redis.aclose()
        return met

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        met = runner.run(meet())
    assert len(met) == 8 * ROUNDS
    assert {repr(type(error)) for error in met} == {repr(InboxUnavailable)}, met
