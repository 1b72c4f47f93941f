"""Health: what does each part do now, and can turns be accepted? Looked at by one process every two seconds at most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

from scrubjay.errors import InboxUnavailable, ScrubjayError, StoreUnavailable
from scrubjay.model import Health, Part, QueueState, Readiness, Thresholds, Trouble
from scrubjay.ports import Limited, Provider, Pulse

T = TypeVar("T")

_LOOK_EVERY_SECONDS = 2
_ASK_EVERY_SECONDS = 30
_ANSWER_GOOD_SECONDS = 60
_PATIENCE_SECONDS = 3
_INBOX = "redis"
_STORE = "store"


class Examiner:
    """Examines the parts. Callers who ask at the same time, or shortly after each other, share one look.

    Only the inbox decides whether turns can be accepted. A provider is judged by its circuit breaker, and asked itself
    only where a caller may cause that, and rarely.

    Args:
        pulse: signs of life, and the inbox.
        store: the memories.
        providers: what is asked for facts and for vectors, by name; None for one that runs in this process.
        thresholds: from when on the queue counts as degraded.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        pulse: Pulse,
        store: Limited,
        providers: Mapping[str, Provider | None],
        thresholds: Thresholds,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._pulse = pulse
        self._store = store
        self._providers = providers
        self._thresholds = thresholds
        self._clock = clock
        self._since: dict[str, datetime] = {}
        self._look: asyncio.Task[dict[str, Part]] | None = None
        self._looked_at = float("-inf")
        self._ask: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")
        self._answers: dict[str, Trouble] = {}

    async def health(self, *, ask_providers: bool = False) -> Health:
        """How everything is.

        Args:
            ask_providers: let providers be asked whether they answer, if none has been asked in the last half minute.
        """
        now = self._clock()
        if ask_providers and (self._ask is None or self._ask.done()) and now - self._asked_at > _ASK_EVERY_SECONDS:
            self._ask, self._asked_at = asyncio.create_task(self._ask_providers()), now
        if self._look is None or (self._look.done() and now - self._looked_at > _LOOK_EVERY_SECONDS):
            self._look, self._looked_at = asyncio.create_task(self._examined()), now
        parts = await asyncio.shield(self._look)
        if ask_providers and self._ask is not None:
            await asyncio.shield(self._ask)
        return _judged(self._with_answers(parts))

    async def _examined(self) -> dict[str, Part]:
        """Check the health of each part: the inbox by a trial write, the store, workers, lanes, circuit breakers."""
        (_, refusal), (limits, store) = await asyncio.gather(
            _tried(self._pulse.try_writing()), _tried(self._limits_of_store())
        )
        troubles: dict[str, Trouble | None] = {_INBOX: refusal, _STORE: store}
        if refusal is None:
            queue, troubles[_INBOX] = await _tried(self._pulse.queue())
            if queue is not None:
                troubles |= {"workers": worker_trouble(queue), "lanes": lane_trouble(queue, self._thresholds)}
                troubles |= {name: await self._breaker(provider) for name, provider in self._providers.items()}
        parts = await self._dated(troubles)
        return parts | {_STORE: parts[_STORE].model_copy(update={"limits": tuple(limits or ())})}

    async def _limits_of_store(self) -> Sequence[str]:
        """What the store cannot do. Raises StoreUnavailable where it does not work at all."""
        await self._store.ping()
        return await self._store.limits()

    async def _breaker(self, provider: Provider | None) -> Trouble | None:
        if provider is None:
            return None
        trouble, _ = await _tried(provider.trouble())
        return trouble

    async def _dated(self, troubles: Mapping[str, Trouble | None]) -> dict[str, Part]:
        """The parts, each that does not work with since when: as it knows itself, else since anybody noticed."""
        unwell = [name for name, trouble in troubles.items() if trouble is not None and trouble.since is None]
        recovered = [name for name in self._since if name in troubles and name not in unwell]
        noted: Mapping[str, datetime] = {}
        if (unwell or recovered) and troubles[_INBOX] is None:
            noted = (await _tried(self._pulse.note(unwell, recovered)))[0] or {}
        now = datetime.now(UTC)
        ours = {name: min(noted.get(name, now), self._since.get(name, now)) for name in unwell}
        # What cannot be seen while the inbox is away keeps its moment.
        self._since = {name: at for name, at in self._since.items() if name not in troubles} | ours
        return {name: _part(trouble, ours.get(name)) for name, trouble in troubles.items()}

    async def _ask_providers(self) -> None:
        remote = {name: provider for name, provider in self._providers.items() if provider is not None}
        answers = await asyncio.gather(*(_tried(provider.ping()) for provider in remote.values()))
        before, now = self._answers, datetime.now(UTC)
        self._answers = {
            name: trouble.model_copy(update={"since": before[name].since if name in before else now})
            for name, (_, trouble) in zip(remote, answers, strict=True)
            if trouble is not None
        }

    def _with_answers(self, parts: dict[str, Part]) -> dict[str, Part]:
        """The parts with what providers answered when they were asked; a breaker that is open knows better."""
        if self._clock() - self._asked_at > _ANSWER_GOOD_SECONDS:
            return parts
        answered = {
            name: _part(trouble, None) for name, trouble in self._answers.items() if name in parts and parts[name].ok
        }
        return parts | answered


def _part(trouble: Trouble | None, noticed_at: datetime | None) -> Part:
    return Part() if trouble is None else Part(ok=False, reason=trouble.reason, since=trouble.since or noticed_at)


def _judged(parts: Mapping[str, Part]) -> Health:
    """Sum up the health of the parts: unready where Redis fails, degraded where another part fails, else ready."""
    if not parts[_INBOX].ok:
        return Health(status=Readiness.UNREADY, parts=parts)
    well = all(part.ok for part in parts.values())
    return Health(status=Readiness.READY if well else Readiness.DEGRADED, parts=parts)


def worker_trouble(queue: QueueState) -> Trouble | None:
    """What is wrong with the workers as a whole."""
    return None if queue.workers else Trouble(reason="No worker has been seen for 15 seconds.")


def lane_trouble(queue: QueueState, thresholds: Thresholds) -> Trouble | None:
    """What is wrong with the queue. Without its figures: they are of all tenants, and any tenant may read it."""
    reasons = []
    share = 100 * queue.backing_off / queue.lanes if queue.lanes else 0
    if queue.backing_off >= thresholds.lanes_least and share > thresholds.lanes_percent:
        reasons.append(f"More than {thresholds.lanes_percent:g} % of the lanes with work back off after failures.")
    if (queue.oldest_due_seconds or 0) > thresholds.due_seconds:
        reasons.append(f"The oldest due turn has waited for more than {thresholds.due_seconds:g} seconds.")
    return Trouble(reason=" ".join(reasons)) if reasons else None


async def _tried(call: Awaitable[T]) -> tuple[T | None, Trouble | None]:
    """What a call gives, or what is wrong with the part that it asks."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await call, None
    except ScrubjayError as error:
        return None, Trouble(reason=_sentence(error))
    except TimeoutError:
        return None, Trouble(reason=f"No answer within {_PATIENCE_SECONDS} seconds.")


def _sentence(error: ScrubjayError) -> str:
    """Why a part does not work, for everybody with a key: of a provider's own words nothing, they may repeat a turn.

    What is raised for Redis and Qdrant is in our words alone.
    """
    return str(error) if isinstance(error, InboxUnavailable | StoreUnavailable) else f"{error.plain}."
