"""Health: what makes the service degraded or unready, how rarely it looks, and since when a part is unwell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import pytest

from scrubjay.errors import InboxUnavailable, ModelUnavailable, StoreUnavailable, Transient
from scrubjay.health import Examiner, lane_trouble
from scrubjay.model import Health, QueueState, Readiness, Thresholds, Trouble

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
WELL = QueueState(lanes=40, backing_off=2, oldest_due_seconds=12, workers=2)


class FakePart:
    """A part that answers or raises; counts how often it was asked."""

    def __init__(self) -> None:
        self.error: Transient | None = None
        self.open: Trouble | None = None
        self.cannot: tuple[str, ...] = ()
        self.pings = 0

    async def ping(self) -> None:
        self.pings += 1
        if self.error is not None:
            raise self.error

    async def trouble(self) -> Trouble | None:
        return self.open

    async def limits(self) -> tuple[str, ...]:
        return self.cannot


class FakePulse:
    """Signs of life as a test sets them."""

    def __init__(self) -> None:
        self.state = WELL
        self.error: Transient | None = None
        self.since: dict[str, datetime] = {}
        self.writes = 0

    async def try_writing(self) -> None:
        self.writes += 1
        if self.error is not None:
            raise self.error

    async def queue(self) -> QueueState:
        return self.state

    async def note(self, unwell: Collection[str], recovered: Collection[str]) -> Mapping[str, datetime]:
        self.since = {name: at for name, at in self.since.items() if name not in recovered}
        return {name: self.since.setdefault(name, MARCH) for name in unwell}

    async def beat(self, process: str) -> None:
        """Nobody asks for it here."""

    async def leave(self, process: str) -> None:
        """Nobody asks for it here."""


class Clinic:
    """An examiner of fake parts whose clock stands until a test moves it."""

    def __init__(self) -> None:
        self.pulse, self.store, self.model = FakePulse(), FakePart(), FakePart()
        self.now = 1_000.0
        self.examiner = Examiner(
            pulse=self.pulse,
            store=self.store,
            providers={"extractor": self.model, "embedder": None},
            thresholds=Thresholds(),
            clock=lambda: self.now,
        )

    async def later(self, seconds: float = 3, *, ask_providers: bool = False) -> Health:
        self.now += seconds
        return await self.examiner.health(ask_providers=ask_providers)


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


async def test_everything_that_works_is_ready(clinic: Clinic) -> None:
    health = await clinic.later()
    assert health.status is Readiness.READY
    assert set(health.parts) == {"redis", "store", "workers", "lanes", "extractor", "embedder"}
    assert {(part.ok, part.reason, part.since) for part in health.parts.values()} == {(True, None, None)}


async def test_a_part_behind_that_does_not_work_degrades_and_recovers(clinic: Clinic) -> None:
    clinic.store.error = StoreUnavailable("Qdrant does not answer")
    for health in (await clinic.later(), await clinic.later()):
        assert health.status is Readiness.DEGRADED
        assert health.parts["store"].model_dump() == {
            "ok": False, "reason": "Qdrant does not answer", "since": MARCH, "limits": ()
        }  # fmt: skip
    clinic.store.error = None
    health = await clinic.later()
    assert (health.status, health.parts["store"].since, clinic.pulse.since) == (Readiness.READY, None, {})


async def test_what_the_store_cannot_do_is_told_and_degrades_nothing(clinic: Clinic) -> None:
    clinic.store.cannot = ("Qdrant 1.18 has no substring filters.",)
    health = await clinic.later()
    assert (health.status, health.parts["store"].limits) == (Readiness.READY, clinic.store.cannot)


async def test_only_an_inbox_that_takes_no_writes_is_unready(clinic: Clinic) -> None:
    clinic.pulse.error = InboxUnavailable("Redis refused the write: it is out of memory")
    first, second = await clinic.later(), await clinic.later()
    assert first.status is Readiness.UNREADY
    assert first.parts["redis"].reason == "Redis refused the write: it is out of memory"
    assert first.parts["redis"].since is not None
    assert first.parts["redis"].since == second.parts["redis"].since
    assert set(first.parts) == {"redis", "store"}  # of the others nobody can know
    clinic.pulse.error = None
    assert (await clinic.later()).status is Readiness.READY


async def test_a_breaker_that_is_open_degrades_and_tells_its_own_moment(clinic: Clinic) -> None:
    clinic.model.open = Trouble(reason="The model gpt answered HTTP 429; calls are paused.", since=MARCH)
    health = await clinic.later()
    assert (health.status, health.parts["extractor"].since) == (Readiness.DEGRADED, MARCH)
    assert clinic.model.pings == 0


async def test_no_worker_degrades(clinic: Clinic) -> None:
    clinic.pulse.state = WELL.model_copy(update={"workers": 0})
    health = await clinic.later()
    assert (health.status, health.parts["workers"].ok) == (Readiness.DEGRADED, False)


@pytest.mark.parametrize(
    ("lanes", "backing_off", "oldest_due_seconds", "is_well"),
    [
        (0, 0, None, True),
        (60, 3, 60, True),
        (59, 3, None, False),
        (2, 2, None, True),
        (3, 3, None, False),
        (1000, 50, None, True),
        (1000, 51, None, False),
        (1, 0, 60.1, False),
    ],
)
def test_the_queue_is_degraded_by_share_count_and_age(
    lanes: int, backing_off: int, oldest_due_seconds: float | None, is_well: bool
) -> None:
    state = QueueState(lanes=lanes, backing_off=backing_off, oldest_due_seconds=oldest_due_seconds, workers=1)
    assert (lane_trouble(state, Thresholds()) is None) == is_well


async def test_callers_share_a_look_for_two_seconds(clinic: Clinic) -> None:
    for seconds, looks in ((0, 1), (1, 1), (0.9, 1), (0.2, 2)):
        await clinic.later(seconds)
        assert (clinic.pulse.writes, clinic.store.pings) == (looks, looks)


async def test_a_provider_is_asked_only_for_those_who_may_and_twice_a_minute_at_most(clinic: Clinic) -> None:
    clinic.model.error = ModelUnavailable("The model gpt cannot be reached.")
    assert (await clinic.later()).status is Readiness.READY
    assert clinic.model.pings == 0
    for seconds, pings in ((3, 1), (3, 1), (26, 1), (3, 2)):
        health = await clinic.later(seconds, ask_providers=True)
        assert (health.parts["extractor"].reason, clinic.model.pings) == ("The model gpt cannot be reached.", pings)
    since = health.parts["extractor"].since
    assert since is not None
    assert (await clinic.later()).parts["extractor"].since == since
    assert (await clinic.later(61)).status is Readiness.READY  # what it answered a minute ago proves nothing any more


async def test_a_provider_that_answers_again_is_well(clinic: Clinic) -> None:
    clinic.model.error = ModelUnavailable("The model gpt cannot be reached.")
    assert (await clinic.later(ask_providers=True)).status is Readiness.DEGRADED
    clinic.model.error = None
    assert (await clinic.later(31, ask_providers=True)).status is Readiness.READY


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ModelUnavailable("The model gpt answered HTTP 500: no room for `I owe Bob`."),
            "The model gpt answered HTTP 500",
        ),
        (ModelUnavailable("The model gpt cannot be reached."), "The model gpt cannot be reached"),
    ],
)
async def test_nobody_is_told_a_providers_own_words(clinic: Clinic, error: ModelUnavailable, reason: str) -> None:
    clinic.model.error = error
    assert (await clinic.later(ask_providers=True)).parts["extractor"].reason == f"{reason}."
