"""Celery's Redis transport, made to go on when Redis is full, and when another server becomes the primary.

A full Redis refuses what could need memory, and so would refuse a worker that starts (it declares its queues) and its
answer to `celery inspect ping` (a liveness probe would then end the workers that make room). It also refuses whatever
stands in a transaction. Celery's few writes are tiny and bounded by the number of workers: they are made by a script
whose first write needs no memory, which Redis lets finish, and its pipelines are none of transactions.

A server that is demoted, loads its data or cannot write refuses commands, and kombu ends the worker for a refusal that
it does not know. Such a refusal is raised as a lost connection: Celery closes all that it has and connects anew, again
and again, until the address leads to a primary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kombu.transport import redis as kombu
from redis import ConnectionError as RedisConnectionError
from redis import Redis, ResponseError
from redis.client import Pipeline

from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.refusals import Refusal, refusal_of, sentence
from scrubjay.adapters.redis.scripts.runner import goes_on

_ENLARGING = ("LPUSH", "RPUSH", "SADD")


class _GoesOn:
    """Over a client or a pipeline: a script does what enlarges a list or a set, and a refusal is a lost connection."""

    def __init__(self, *args: Any, goes_on: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.goes_on = goes_on

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one Redis command of Celery's transport (kombu).

        LPUSH, RPUSH and SADD run in a Lua script, which a full Redis lets finish.
        """
        if args[0] in _ENLARGING:
            script = f"{self.goes_on}return redis.call('{args[0]}', KEYS[1], unpack(ARGV))"
            args = ("EVAL", script, 1, *args[1:])
        return super().execute_command(*args, **options)  # type: ignore[misc]

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Read one answer of Redis for Celery's transport (kombu).

        Raises ConnectionError for a refusal that says how this server is, not what is wrong: Celery then connects anew.
        """
        try:
            return super().parse_response(connection, command_name, **options)  # type: ignore[misc]
        except ResponseError as error:
            refusal = refusal_of(error)
            if refusal is Refusal.OTHER:
                raise
            raise RedisConnectionError(sentence(refusal, error)) from error

    def register_script(self, script: str) -> Any:
        """Have a Lua script of Celery's transport (kombu) ready, begun so that a full Redis lets it finish."""
        return super().register_script(self.goes_on + script)  # type: ignore[misc]


class _Pipeline(_GoesOn, Pipeline):  # type: ignore[misc] # their register_script is typed by who calls it
    """Commands sent together."""


class _Client(_GoesOn, Redis):  # type: ignore[misc] # as above
    """What the transport speaks to Redis with."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> _Pipeline:
        """A pipeline of Celery's transport (kombu): Redis commands sent together, never in a transaction."""
        return _Pipeline(self.connection_pool, self.response_callbacks, False, shard_hint, goes_on=self.goes_on)


class Channel(kombu.Channel):
    """A channel with such a client. The transport's option `key_prefix` is what our own keys begin with."""

    key_prefix = DEFAULT_KEYS.prefix
    from_transport_options = (*kombu.Channel.from_transport_options, "key_prefix")  # type: ignore[assignment] # one more

    def _get_client(self) -> Callable[..., _Client]:
        return partial(_Client, goes_on=goes_on(Keys(self.key_prefix)))


class Transport(kombu.Transport):
    """What `broker_transport` names."""

    Channel = Channel
