"""The faults: each returns whether it has taken effect, as seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from redis.exceptions import RedisError

from tests.chaos.fault_run import words
from tests.chaos.fault_run.crowd import ACCEPTED, Poster
from tests.chaos.fault_run.editor import Editing
from tests.chaos.fault_run.record import Leaver, Record
from tests.chaos.fault_run.redis_strikes import RedisStrikes
from tests.chaos.fault_run.sizes import Size, Strike
from tests.chaos.fault_run.system import System
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until

_WAKES_SECONDS = 4.0
_AT_WORK_SECONDS = 20.0
_BACK_SECONDS = 60.0
_SHORT_FREEZE_SECONDS = (0.5, 2.5)
_LONG_FREEZE_SECONDS = 11.0  # longer than the clients of Redis and Qdrant wait for an answer
_LEAVER_TURNS = 6

# 20 % of the answers, in five ways.
NONSENSE = [
    Fault(kind=kind, rate=0.0436)  # five in a row: 1 - (1 - 0.0436)^5 = 0.2
    for kind in (Kind.NOT_JSON, Kind.TRUNCATED, Kind.EMPTY, Kind.WRONG_TYPES, Kind.NULL)
]
SLOW = [Fault(kind=Kind.SLOW, rate=0.5, seconds=3)]
REFUSING = [
    Fault(kind=Kind.STATUS, rate=0.3, status=503),
    Fault(kind=Kind.STATUS, rate=0.3, status=429, headers={"Retry-After": "1"}),
    Fault(kind=Kind.DROPPED, rate=0.1),
]


@dataclass
class Strikes:
    """Everything that can strike.

    Args:
        system: what is struck.
        size: of the fault run.
        record: of the clients, for what a strike itself posts.
        poster: posts it.
        dice: decides what is left to chance.
        redis: what strikes Redis.
        editing: who edits by hand.

    `stopped_in` is how long each process took that was ended. `gone` counts the turns that were accepted while the
    model was gone and looked at before it was back; `done_without_model` are those of them that were settled.
    """

    system: System
    size: Size
    record: Record
    poster: Poster
    dice: random.Random
    redis: RedisStrikes
    editing: Editing
    stopped_in: list[float] = field(default_factory=list)
    gone: int = 0
    done_without_model: list[str] = field(default_factory=list)

    def by_name(self) -> dict[Strike, Callable[[], Awaitable[bool]]]:
        """What to call for each of them."""
        system = self.system
        return {
            Strike.WORKER_KILLED: self._kill_worker,
            Strike.WORKER_STALLED: self._stall_worker,
            Strike.WORKER_ENDED: self._end_worker,
            Strike.API_KILLED: lambda: self._end("api", signal.SIGKILL),
            Strike.API_ENDED: lambda: self._end("api", signal.SIGTERM),
            Strike.API_FROZEN: lambda: self._freeze("api"),
            Strike.REDIS_KILLED: lambda: self._end(system.primary, signal.SIGKILL),
            Strike.REDIS_FROZEN: lambda: self._freeze(system.primary),
            Strike.QDRANT_KILLED: lambda: self._end("qdrant", signal.SIGKILL),
            Strike.QDRANT_FROZEN: lambda: self._freeze("qdrant"),
            Strike.MODEL_WRONG: lambda: self._misbehave(NONSENSE, system.model.hits),
            Strike.MODEL_SLOW: lambda: self._misbehave(SLOW, system.model.hits),
            Strike.MODEL_REFUSING: lambda: self._misbehave(REFUSING, system.model.hits),
            Strike.MODEL_GONE: self._lose_model,
            Strike.OWNER_FORGOTTEN: self._forget,
            Strike.MEMORY_EDITED: self.editing.edit,
            Strike.CLOCK_DURING_ERASE: lambda: self.redis.jump_during(self._forget, lambda: self.redis.erasing),
            Strike.CLOCK_DURING_EDIT: lambda: self.redis.jump_during(self.editing.edit, lambda: self.redis.editing),
            **self.redis.by_name(),
        }

    async def _some_worker(self) -> str | None:
        """One that serves, once turns are being worked on; None when there is none for a while."""

        async def found() -> str | None:
            free = [name for name in self.system.workers if name not in self.system.busy and self.system.serves(name)]
            return self.dice.choice(free) if free and await self.system.in_work() else None

        with contextlib.suppress(AssertionError):
            return await wait_until(found, deadline_seconds=_AT_WORK_SECONDS, what="a worker at work")
        return None

    async def _kill_worker(self) -> bool:
        name = await self._some_worker()
        return name is not None and await self._end(name, signal.SIGKILL)

    async def _end_worker(self) -> bool:
        name = await self._some_worker()
        return name is not None and await self._end(name, signal.SIGTERM)

    async def _end(self, name: str, number: int) -> bool:
        with self.system.taken(name) as pid:
            if pid is None:
                return False
            seconds = await self.system.end(name, pid, number)
            if number == signal.SIGTERM:
                self.stopped_in.append(seconds)
            if name == "api":
                await wait_until(self._answers, deadline_seconds=_BACK_SECONDS, what="the API answering again")
            return True

    async def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return (await self.poster.http.get("/health/live")).is_success
        return False

    async def _freeze(self, name: str) -> bool:
        seconds = self.dice.choice([self.dice.uniform(*_SHORT_FREEZE_SECONDS), _LONG_FREEZE_SECONDS])
        with self.system.taken(name) as pid:
            return pid is not None and await self.system.freeze(name, pid, seconds)

    async def _stall_worker(self) -> bool:
        """It counts when the worker has noticed, as it went on, that a lease of its own was lost."""
        name = await self._some_worker()
        if name is None:
            return False
        with self.system.taken(name) as pid:
            if pid is None:
                return False
            lost = self.system.logs.of(name, "lease_lost")
            await self.system.freeze(name, pid, 1.7 * self.size.lease_seconds)
            with contextlib.suppress(AssertionError):
                await wait_until(
                    lambda: self.system.logs.of(name, "lease_lost") > lost, deadline_seconds=_WAKES_SECONDS
                )
            return self.system.logs.of(name, "lease_lost") > lost

    async def _misbehave(self, faults: list[Fault], hits: Callable[[], dict[str, int]]) -> bool:
        before = hits()
        self.system.model.misbehave(*faults)
        await asyncio.sleep(self.size.phase_seconds)
        after = hits()
        self.system.model.misbehave()
        return any(after.get(fault.kind, 0) > before.get(fault.kind, 0) for fault in faults)

    async def _lose_model(self) -> bool:
        """It counts when turns were accepted meanwhile: none of them may be settled before the model is back."""
        before = self.record.ids
        self.system.model.kill()
        await asyncio.sleep(self.size.phase_seconds)
        accepted = self.record.ids - before
        settled = [turn for turn in accepted if await self._is_settled(turn)]
        self.gone += len(accepted)
        self.done_without_model += settled
        await asyncio.to_thread(self.system.model.start)
        return bool(accepted)

    async def _is_settled(self, turn: str) -> bool:
        with contextlib.suppress(RedisError, OSError):
            return await self.system.redis.zscore("sj:status:default:settled", turn) is not None
        return False

    async def _forget(self) -> bool:
        """It counts when turns of theirs were not settled yet."""
        name = f"{len(self.record.leavers) + 1}x{uuid.uuid4().hex[:8]}"
        leaver = Leaver(f"fault-run-leaver-{name}", f"{words.SECRET}{name}")
        self.record.leavers.append(leaver)
        for number in range(_LEAVER_TURNS):
            text = f"I keep {leaver.secret} in drawer {number}. My drawer is now {leaver.secret}n{number}."
            leaver.turns.append(await self._insist(leaver.user, text, f"{leaver.user}-{number}"))
        settled = await self._settled_of(leaver.user)
        await self._erase(leaver.user)
        leaver.back = await self._insist(leaver.user, "I am back again.", f"{leaver.user}-back")
        return settled < _LEAVER_TURNS

    async def _insist(self, user: str, text: str, key: str) -> str:
        async def accepted() -> str:
            answer = await self.poster.post(user, text, key)
            return str(answer.json()["id"]) if answer is not None and answer.status_code == ACCEPTED else ""

        return await wait_until(accepted, deadline_seconds=90, what="a turn being accepted")

    async def _settled_of(self, user: str) -> int:
        with contextlib.suppress(httpx.HTTPError, KeyError):
            answer = await self.poster.http.get("/turns", params={"user_id": user, "status": "settled"})
            return int(answer.json()["count"])
        return _LEAVER_TURNS

    async def _erase(self, user: str) -> None:
        """Ask until the erase is done and verified."""

        async def verified() -> bool:
            self.redis.erasing += 1
            try:
                answer = await self.poster.http.delete("/memories", params={"user_id": user}, timeout=30)
                return answer.is_success and bool(answer.json()["verified"])
            except httpx.TransportError:
                return False
            finally:
                self.redis.erasing -= 1

        await wait_until(verified, deadline_seconds=90, what="the erase being verified", poll_seconds=0.3)
