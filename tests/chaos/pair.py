"""A primary and a replica behind one address, and the ways in which the one becomes the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.chaos.address import Address, address_of
from tests.chaos.servers import OwnRedis, own_redis
from tests.support import wait_until

PAUSE_MILLISECONDS = 10_000


class Pair:
    """Two servers; `address` leads to the primary.

    Args:
        ports: of the two, the primary's first.
        address: what clients connect to.
    """

    def __init__(self, ports: tuple[int, int], address: Address) -> None:
        self.primary, self.replica = ports
        self.address = address

    async def replicate(self) -> None:
        """The replica copies the primary; returns when it has everything."""
        await command(self.replica, "REPLICAOF", "127.0.0.1", self.primary)
        await self.in_step()

    async def in_step(self) -> None:
        """Return when the replica has everything that was written until then."""
        await wait_until(self._is_in_step, what="the replica having everything")

    async def _is_in_step(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            async with Redis(port=self.primary) as primary, Redis(port=self.replica) as replica:
                at, there = await primary.info("replication"), await replica.info("replication")
                return (
                    there.get("master_link_status") == "up"
                    and at["master_replid"] == there["master_replid"]
                    and there["slave_repl_offset"] >= at["master_repl_offset"]
                )
        return False

    async def fail_over(self) -> None:
        """`FAILOVER` (Redis 6.2): the primary hands over and becomes the replica, without losing anything."""
        await command(self.primary, "FAILOVER", "TO", "127.0.0.1", self.replica, "TIMEOUT", PAUSE_MILLISECONDS)
        await wait_until(lambda: self._is("master", self.replica), what="the replica being the primary")
        self._swap()

    async def switch_over(self) -> None:
        """`REPLICAOF`, as an operator does it: writes wait until the replica has everything, then the two change."""
        await self.pause_until_in_step()
        await command(self.replica, "REPLICAOF", "NO", "ONE")
        await command(self.primary, "REPLICAOF", "127.0.0.1", self.replica)
        await command(self.primary, "CLIENT", "UNPAUSE")
        self._swap()

    async def pause_until_in_step(self) -> None:
        """From now on nothing is acknowledged by the primary; what was is on the replica as well.

        Replication is asynchronous: without this a killed primary takes with it what the replica has not got yet.
        """
        await command(self.primary, "CLIENT", "PAUSE", PAUSE_MILLISECONDS, "WRITE")
        await self.in_step()

    async def promote(self) -> None:
        """The replica becomes the primary, whatever has become of the other."""
        await command(self.replica, "REPLICAOF", "NO", "ONE")
        self._swap()

    async def _is(self, role: str, port: int) -> bool:
        async with Redis(port=port) as server:
            return str((await server.info("replication"))["role"]) == role

    def _swap(self) -> None:
        self.primary, self.replica = self.replica, self.primary
        self.address.lead_to(self.primary)


async def command(port: int, *arguments: str | int) -> Any:
    """Give a server a command of an operator."""
    async with Redis(port=port) as server:
        return await server.execute_command(*arguments)  # type: ignore[no-untyped-call] # theirs


@asynccontextmanager
async def redis_pair(folder: Path) -> AsyncIterator[tuple[Pair, OwnRedis, OwnRedis]]:
    """A pair in step, with its two servers, the first primary first; all is ended when left."""
    with own_redis(folder / "a") as first, own_redis(folder / "b") as second:
        await asyncio.gather(first.answers(), second.answers())
        async with address_of(first.port) as address:
            pair = Pair((first.port, second.port), address)
            await pair.replicate()
            yield pair, first, second
