"""Celery's connection to Redis: it goes on when Redis is full or away, and when another server becomes the primary.

A full Redis refuses what could need memory, and so would refuse a worker that starts (it declares its queues) and its
answer to `celery inspect ping` (a liveness probe would then end the workers that make room). It also refuses whatever
stands in a transaction. Celery's few writes are tiny and bounded by the number of workers: they are made by a script
whose first write needs no memory, which Redis lets finish, and its pipelines are none of transactions.

A server that is demoted, loads its data or cannot write refuses commands, and kombu ends the worker for a refusal that
it does not know. Such a refusal is raised as a lost connection: Celery closes all that it has and connects anew, again
and again, until the address leads to a primary.

Celery waits two seconds longer after each attempt, up to half a minute, and turns wait meanwhile: here each pause is
one second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.transport import redis as kombu
from redis import ConnectionError as RedisConnectionError
from redis import Redis, ResponseError
from redis.client import Pipeline

from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.refusals import Refusal, refusal_of, sentence
from scrubjay.adapters.redis.scripts import goes_on

_RETRY_SECONDS = 1.0
_ENLARGING = ("LPUSH", "RPUSH", "SADD")


class _SafeCommands:
    """Changes commands and scripts so that a full Redis lets them finish.

    Args:
        first_write: Lua statements that come before any other in a script: their write needs no memory.
    """

    def __init__(self, first_write: str) -> None:
        self._first_write = first_write

    def command(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of a command; LPUSH, RPUSH and SADD, which enlarge a list or a set, become a script."""
        if args[0] not in _ENLARGING:
            return args
        return ("EVAL", self.script(f"return redis.call('{args[0]}', KEYS[1], unpack(ARGV))"), 1, *args[1:])

    def script(self, script: str) -> str:
        """A Lua script, begun so that a full Redis lets it finish."""
        return self._first_write + script


@contextmanager
def _lost_connection_on_refusal() -> Iterator[None]:
    """Raise ConnectionError for a refusal that concerns the server's state: Celery then connects anew.

    A refusal of the command itself stays a ResponseError.
    """
    try:
        yield
    except ResponseError as error:
        refusal = refusal_of(error)
        if refusal is Refusal.OTHER:
            raise
        raise RedisConnectionError(sentence(refusal, error)) from error


class _Pipeline(Pipeline):
    """Commands of Celery's transport (kombu) that are sent together, never in a transaction."""

    def __init__(self, client: _Client, shard_hint: str | None) -> None:
        super().__init__(client.connection_pool, client.response_callbacks, False, shard_hint)
        self._safe = client.safe

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Add one command, changed so that a full Redis lets it finish."""
        return super().execute_command(*self._safe.command(args), **options)  # type: ignore[no-untyped-call] # theirs

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Read one answer. Raises ConnectionError for a refusal that concerns the server's state."""
        with _lost_connection_on_refusal():
            return super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call] # theirs

    def register_script(self, script: Any) -> Any:
        """Register a Lua script of kombu's, changed so that a full Redis lets it finish."""
        return super().register_script(self._safe.script(script))


class _Client(Redis):
    """The Redis client of Celery's transport (kombu).

    Args:
        safe: changes commands and scripts.
        options: as of redis-py's client.
    """

    def __init__(self, *, safe: _SafeCommands, **options: Any) -> None:
        super().__init__(**options)
        self.safe = safe

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one command, changed so that a full Redis lets it finish."""
        return super().execute_command(*self.safe.command(args), **options)  # type: ignore[no-untyped-call] # theirs

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Read one answer. Raises ConnectionError for a refusal that concerns the server's state."""
        with _lost_connection_on_refusal():
            return super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call] # theirs

    def register_script(self, script: Any) -> Any:
        """Register a Lua script of kombu's, changed so that a full Redis lets it finish."""
        return super().register_script(self.safe.script(script))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> _Pipeline:
        """A pipeline; it is never a transaction."""
        return _Pipeline(self, shard_hint)


class Channel(kombu.Channel):
    """A channel with such a client. The transport's option `key_prefix` is what our own keys begin with."""

    key_prefix = DEFAULT_KEYS.prefix
    from_transport_options = (*kombu.Channel.from_transport_options, "key_prefix")  # type: ignore[assignment] # one more

    def _get_client(self) -> Callable[..., _Client]:
        return partial(_Client, safe=_SafeCommands(goes_on(Keys(self.key_prefix))))


class Transport(kombu.Transport):
    """The transport: Celery's setting `broker_transport` names it."""

    Channel = Channel


class PromptConnection(Connection):
    """A connection that is tried again after one second, however often it fails."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connect; repeats until it succeeds."""
        intervals = {f"interval_{name}": _RETRY_SECONDS for name in ("start", "step", "max")}
        return super().ensure_connection(*args, **{**intervals, **options})  # type: ignore[no-untyped-call] # theirs


class Amqp(AMQP):
    """The class with which Celery makes its connections: the app's option `amqp` names it."""

    Connection = PromptConnection
