"""What others see meanwhile: a quiet tenant's accepts, `GET /health/live` and a PING of Redis, again and again.

A process of its own, so that what the abuser itself takes in does not count as waiting. It probes until its standard
input ends, and then prints what it saw as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from time import perf_counter

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.abuse.world import key_header

ACCEPT, LIVE, PING = "a quiet tenant's accept", "GET /health/live", "a PING of Redis"
LONGEST_SECONDS = 60
_PAUSE_SECONDS = 0.05


@dataclass
class Seen:
    """What a probe saw: seconds of each, and how many failed. One that fails has taken as long as it took to fail."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


async def probe(once: Callable[[], Awaitable[bool]], stopped: asyncio.Event) -> Seen:
    """Do something again and again, with a pause between."""
    seen = Seen()
    while not stopped.is_set():
        started = perf_counter()
        try:
            is_good = await once()
        except (httpx.TransportError, RedisError):
            is_good = False
        seen.seconds.append(perf_counter() - started)
        seen.failed += not is_good
        await asyncio.sleep(_PAUSE_SECONDS)
    return seen


async def probed(url: str, redis_url: str, key: str) -> dict[str, Seen]:
    """All three, until standard input ends."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    async with (
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=LONGEST_SECONDS) as accepting,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=LONGEST_SECONDS) as looking,
        Redis.from_url(redis_url, socket_timeout=LONGEST_SECONDS) as redis,
    ):
        turn = {"user_id": "quiet", "messages": [{"role": "user", "content": "I like tea"}], "infer": False}

        async def accept() -> bool:
            return (await accepting.post("/turns", headers=key_header(key), json=turn)).status_code == 202

        async def live() -> bool:
            return (await looking.get("/health/live")).status_code == 200

        async def ping() -> bool:
            return bool(await redis.ping())

        probes = [asyncio.create_task(probe(once, stopped)) for once in (accept, live, ping)]
        await loop.run_in_executor(None, sys.stdin.read)
        stopped.set()
        return dict(zip((ACCEPT, LIVE, PING), await asyncio.gather(*probes), strict=True))


def main() -> None:
    """Probe and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--url", "--redis-url", "--key"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    seen = asyncio.run(probed(options.url, options.redis_url, options.key))
    print(json.dumps({name: asdict(probe) for name, probe in seen.items()}))


if __name__ == "__main__":
    main()
