"""Sends the Lua scripts to Redis. Calls made at one moment share a pipeline, and so an fsync of the append-only file.

A full Redis (`maxmemory`, `noeviction`) refuses a script's command that could need memory, but only until the script
has written something: from then on it is let finish (Redis 6.2 to 8 and Valkey alike, for scripts without a shebang).
So `accept`, which is to be refused, begins with such a command, and every other script that writes begins with a write
that needs none: what was accepted is worked off, owners are forgotten and the sweep goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.refusals import Refusal, blamed, is_away, refusal_of, sentence
from scrubjay.errors import InboxRefused, InboxUnavailable

log = structlog.get_logger(__name__)

_FILES = {
    entry.name.removesuffix(".lua"): entry.read_text("utf-8")
    for entry in (resources.files("scrubjay.adapters.redis") / "lua").iterdir()
    if entry.name.endswith(".lua")
}
_SHARED = re.compile(r"^-- with (_\w+)$", re.MULTILINE)  # a script names a file that is put before it
_KEY = re.compile(r"\bKEY\.(\w+)")  # and the keys that it completes or needs besides KEYS
# `accept` must be refused. Of the others these write nothing, or not as a rule, or begin with such a write already: in
# Redis 6.2 even a deletion of nothing is written to the append-only file.
_AS_THEY_STAND = (
    "accept",
    "elect",
    "breaker_admit",
    "breaker_trouble",
    "confirm",
    "ledger",
    "newest",
    "audit",
    "removals_due",
    "clock",
)

_LARGEST_PIPELINE = 256
_MOST_WAITING = 2_000  # less than a second's work for a Redis that answers
_FULL_RETRY_SECONDS = 5

Argument = str | bytes | int | float


def goes_on(keys: Keys) -> str:
    """What a script begins with that a full Redis is to let finish.

    It has no line of its own, so that the numbers of the script's lines stay true.
    """
    return f"redis.call('DEL', '{keys.nothing}') "


@dataclass(frozen=True)
class _Sources:
    """The text of each script by its name, and what Redis knows it by."""

    texts: Mapping[str, str]
    digests: Mapping[str, str]


@cache
def _sources(keys: Keys) -> _Sources:
    texts = {name: _script(name, text, keys) for name, text in _FILES.items() if not name.startswith("_")}
    return _Sources(texts, {name: hashlib.sha1(text.encode()).hexdigest() for name, text in texts.items()})


def _script(name: str, text: str, keys: Keys) -> str:
    whole = "".join(_FILES[shared] for shared in _SHARED.findall(text)) + text
    whole = _key_table(whole, keys) + whole
    return whole if name in _AS_THEY_STAND else goes_on(keys) + whole


def _key_table(text: str, keys: Keys) -> str:
    """The Lua table KEY, with the names of those keys that a script names itself. It has no line of its own either."""
    in_scripts = keys.in_scripts
    entries = [f"{name} = '{in_scripts[name]}'" for name in sorted(set(_KEY.findall(text)))]
    return f"local KEY = {{ {', '.join(entries)} }} " if entries else ""


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    keys: Sequence[str]
    args: Sequence[Argument]
    answer: asyncio.Future[Any]


class RedisScripts:
    """The scripts of `scrubjay/adapters/redis/lua`, each an atomic step.

    Args:
        redis: an open client; it is closed by whoever opened it.
        keys: makes the keys.
    """

    def __init__(self, redis: Redis, keys: Keys = DEFAULT_KEYS) -> None:
        self.keys = keys
        self.redis = redis
        self._sources = _sources(keys)
        self._waiting: list[_Call] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run one script and return its answer. Raises InboxUnavailable when Redis is away or refuses the write."""
        call = _Call(name, keys, args, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._drain())
        return await call.answer

    async def run_soon(self, name: str, keys: Sequence[str], args: Sequence[Argument], within_seconds: float) -> Any:
        """Run one script for somebody who would rather be refused than wait: for long, or in a long queue.

        Raises InboxUnavailable then, too. After `within_seconds` the step may have been done all the same, or is done
        yet if it was sent; what was not sent is not.
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise InboxUnavailable("too many requests wait for Redis just now; try again shortly")
        try:
            async with asyncio.timeout(within_seconds):
                return await self.run(name, keys, args)
        except TimeoutError as error:
            raise InboxUnavailable("Redis takes too long to answer; try again shortly") from error

    async def _drain(self) -> None:
        calls: list[_Call] = []
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:_LARGEST_PIPELINE], self._waiting[_LARGEST_PIPELINE:]
                calls = [call for call in calls if not call.answer.done()]  # for those who gave up, nothing is done
                for call, answer in zip(calls, await self._answers(calls), strict=True):
                    _resolve(call, answer)
        finally:  # whatever happens, nobody waits for ever
            unsent, self._waiting = [*calls, *self._waiting], []
            for call in unsent:
                _resolve(call, RedisConnectionError("not sent"))

    async def _answers(self, calls: Sequence[_Call]) -> Sequence[Any]:
        try:
            with _connection_errors():
                answers = await self._execute(calls)
                if any(isinstance(answer, NoScriptError) for answer in answers):
                    answers = await self._again(calls, answers)
        except (RedisError, OSError) as error:
            return [error] * len(calls)
        return answers

    async def _execute(self, calls: Sequence[_Call]) -> list[Any]:
        async with self.redis.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.evalsha(self._sources.digests[call.name], len(call.keys), *call.keys, *call.args)
            return list(await pipeline.execute(raise_on_error=False))

    async def _again(self, calls: Sequence[_Call], answers: Sequence[Any]) -> list[Any]:
        """Redis forgot the scripts (it restarted): load them, and run those that did not run."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            for text in self._sources.texts.values():
                pipeline.script_load(text)
            await pipeline.execute()
        unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        repeated = await self._execute([calls[index] for index in unknown])
        merged = list(answers)
        for index, answer in zip(unknown, repeated, strict=True):
            merged[index] = answer
        return merged


def _resolve(call: _Call, answer: Any) -> None:
    """Set Redis' answer to a Lua script call in its future; an error becomes InboxUnavailable, a refusal is logged."""
    if call.answer.done():
        return
    if isinstance(answer, RedisError | OSError):
        if refusal_of(answer) is not None:
            log.error("redis_refused", script=call.name, reason=blamed(answer))
        call.answer.set_exception(_unavailable(answer))
    elif isinstance(answer, BaseException):
        call.answer.set_exception(answer)
    else:
        call.answer.set_result(answer)


async def answered(call: Awaitable[Any]) -> Any:
    """Await a plain Redis call. Raises InboxUnavailable when Redis is away or refuses it."""
    try:
        with _connection_errors():
            return await call
    except (RedisError, OSError) as error:
        raise _unavailable(error) from error


@contextmanager
def _connection_errors() -> Iterator[None]:
    """uvloop tells by a RuntimeError that a connection has gone just before it is written to; asyncio's loop does not.

    See https://github.com/MagicStack/uvloop/issues/506.
    """
    try:
        yield
    except RuntimeError as error:
        if "the handler is closed" not in str(error):
            raise
        raise RedisConnectionError("the connection has gone") from error


def _unavailable(error: RedisError | OSError) -> InboxUnavailable:
    refusal = refusal_of(error)
    retry_after_seconds = _FULL_RETRY_SECONDS if refusal in (Refusal.OOM, Refusal.MISCONF) else None
    kind = InboxUnavailable if is_away(refusal) else InboxRefused
    return kind(sentence(refusal, error), retry_after_seconds=retry_after_seconds)
