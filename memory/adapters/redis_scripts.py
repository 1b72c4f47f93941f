"""Runs the Lua scripts. Calls made at the same moment share one pipeline, and so one fsync of the append-only file."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError, NoScriptError, RedisError, ResponseError, TimeoutError

from memory.errors import InboxUnavailable

log = structlog.get_logger(__name__)

_FILES = {
    entry.name.removesuffix(".lua"): entry.read_text("utf-8")
    for entry in (resources.files("memory.adapters") / "lua").iterdir()
    if entry.name.endswith(".lua")
}
_SHARED = re.compile(r"^-- with (_\w+)$", re.MULTILINE)  # a script names a file that is put before it
_SOURCES = {
    name: "".join(_FILES[shared] for shared in _SHARED.findall(text)) + text
    for name, text in _FILES.items()
    if not name.startswith("_")
}
_DIGESTS = {name: hashlib.sha1(text.encode()).hexdigest() for name, text in _SOURCES.items()}
_LARGEST_PIPELINE = 256

Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    keys: Sequence[str]
    args: Sequence[Argument]
    answer: asyncio.Future[Any]


class RedisScripts:
    """The scripts of `memory/adapters/lua`, each an atomic step.

    Args:
        redis: an open client; it is closed by whoever opened it.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Call] = []
        self._pump: asyncio.Task[None] | None = None

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run one script and return its answer. Raises InboxUnavailable when Redis is away or refuses the write."""
        call = _Call(name, keys, args, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._drain())
        return await call.answer

    async def _drain(self) -> None:
        while self._waiting:
            calls, self._waiting = self._waiting[:_LARGEST_PIPELINE], self._waiting[_LARGEST_PIPELINE:]
            answers: Sequence[Any] = [ConnectionError("not sent")] * len(calls)
            try:
                answers = await self._answers(calls)
            finally:  # whatever happens, nobody waits for ever
                for call, answer in zip(calls, answers, strict=True):
                    _resolve(call, answer)

    async def _answers(self, calls: Sequence[_Call]) -> Sequence[Any]:
        try:
            answers = await self._execute(calls)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                answers = await self._again(calls, answers)
        except (RedisError, OSError) as error:
            return [error] * len(calls)
        return answers

    async def _execute(self, calls: Sequence[_Call]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.evalsha(_DIGESTS[call.name], len(call.keys), *call.keys, *call.args)
            return list(await pipeline.execute(raise_on_error=False))

    async def _again(self, calls: Sequence[_Call], answers: Sequence[Any]) -> list[Any]:
        """Redis forgot the scripts (it restarted): load them, and run those that did not run."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for text in _SOURCES.values():
                pipeline.script_load(text)
            await pipeline.execute()
        unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        repeated = await self._execute([calls[index] for index in unknown])
        merged = list(answers)
        for index, answer in zip(unknown, repeated, strict=True):
            merged[index] = answer
        return merged


def _resolve(call: _Call, answer: Any) -> None:
    if call.answer.done():
        return
    if isinstance(answer, ConnectionError | TimeoutError | OSError):
        call.answer.set_exception(InboxUnavailable("Redis does not answer; try again shortly"))
    elif isinstance(answer, ResponseError):
        log.error("redis_refused", script=call.name, reason=str(answer))
        call.answer.set_exception(InboxUnavailable(f"Redis refused the write: {_reason(answer)}"))
    elif isinstance(answer, BaseException):
        call.answer.set_exception(answer)
    else:
        call.answer.set_result(answer)


async def answered(call: Awaitable[Any]) -> Any:
    """Await a plain Redis call. Raises InboxUnavailable when Redis is away."""
    try:
        return await call
    except (RedisError, OSError) as error:
        raise InboxUnavailable("Redis does not answer; try again shortly") from error


def _reason(error: ResponseError) -> str:
    return "it is out of memory" if "OOM" in str(error) else "it answered with an error"
