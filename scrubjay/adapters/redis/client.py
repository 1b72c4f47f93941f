"""The client of Redis. Once a server has answered that it is no primary, every connection of the pool is made anew.

A server that was demoted keeps its connections: it refuses every write for ever and answers every read with what it
knew. The address may lead to another server by then (a DNS name, a balancer), which only a new connection finds out.
A process that only reads would not notice, so each client writes nothing at all every few seconds.

A cancellation that falls just where a command has been sent is not lost: redis-py sends with `asyncio.wait_for`, which
forgets it before Python 3.12 (https://github.com/python/cpython/issues/86296), and a loop that was told to end would go
on for ever.

A command is never sent twice: whoever sent it knows alone whether it may be. Before a connection is used it is looked
at whether it was closed while it was idle; then another takes its place, and nothing has been sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.refusals import leads_elsewhere
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.errors import InboxUnavailable
from scrubjay.logging_setup import attempted

T = TypeVar("T")

_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 10
_LOOK_SECONDS = 2.0
_MOST_CONNECTIONS, _TURN_SECONDS = 100, 5


class RenewedPool(BlockingConnectionPool):
    """A pool whose connections can all be made anew. Whoever finds all of them in use waits for one."""

    def renew(self) -> None:
        """Close each connection before it is used again; those in use are closed when they are handed back."""
        for connection in (*self._available_connections, *self._in_use_connections):
            connection.mark_for_reconnect()  # type: ignore[no-untyped-call] # theirs

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        """As theirs; a connection that was idle when `renew` was called is closed first."""
        if connection.should_reconnect():  # type: ignore[no-untyped-call] # theirs
            await connection.disconnect()
        await super().ensure_connection(connection)


async def _cancellable(call: Awaitable[T]) -> T:
    """Await a call. Raises CancelledError if the task was cancelled meanwhile, though the call may have hidden that."""
    task = asyncio.current_task()
    cancelled_before = task.cancelling() if task else 0
    answer = await call
    if task and task.cancelling() > cancelled_before:
        raise asyncio.CancelledError
    return answer


async def _read(pool: RenewedPool, answer: Awaitable[Any]) -> Any:
    """Await an answer; one that no primary gives renews the pool."""
    try:
        return await answer
    except RedisError as error:
        if leads_elsewhere(error):
            pool.renew()
        raise


class _Pipeline(Pipeline):
    """Commands sent together. See `RedisClient`."""

    connection_pool: RenewedPool

    async def parse_response(self, connection: Connection, command_name: str | bytes, **options: Any) -> Any:
        """Read one answer."""
        return await _read(self.connection_pool, super().parse_response(connection, command_name, **options))

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send them and return the answers."""
        return await _cancellable(super().execute(raise_on_error))


class RedisClient(Redis):
    """A client with a pool that can be renewed. See `open_redis`."""

    connection_pool: RenewedPool

    async def parse_response(self, connection: Connection, command_name: str | bytes, **options: Any) -> Any:
        """Read one answer."""
        return await _read(self.connection_pool, super().parse_response(connection, command_name, **options))

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one command."""
        return await _cancellable(super().execute_command(*args, **options))  # type: ignore[no-untyped-call] # theirs

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> _Pipeline:
        """Commands sent together."""
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


@contextlib.asynccontextmanager
async def open_redis(url: str, keys: Keys = DEFAULT_KEYS) -> AsyncIterator[RedisClient]:
    """An open client with undecoded answers. Redis may be away: it is reached when it is needed."""
    pool = RenewedPool.from_url(
        url,
        max_connections=_MOST_CONNECTIONS,
        timeout=_TURN_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),  # a step whose answer was lost may have been done: it is not ours to repeat
    )
    redis = RedisClient(connection_pool=pool)
    looking = asyncio.create_task(_look(redis, keys))
    try:
        yield redis
    finally:
        looking.cancel()
        await pool.aclose()


async def _look(redis: Redis, keys: Keys) -> None:
    """Every two seconds delete a Redis key that never exists: the answer tells if the server is still the primary."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        looking = answered(redis.delete(keys.nothing))
        await attempted("look", looking, expected=InboxUnavailable)  # whoever needs Redis is told
