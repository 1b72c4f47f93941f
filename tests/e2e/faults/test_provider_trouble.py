"""A provider in trouble: turns wait and cost nothing, say why, and are remembered once when it is over.

To add a kind: a row here; what the server can do wrong is in tests/model_server/wire.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import TurnView
from tests.e2e.faults.support import (
    Provider,
    all_are,
    changes,
    ledger_of,
    memories_of,
    post,
    settled_ledger,
    wait_for_status,
)
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind, Route

LANES = 3
KNOWN = "I like green tea."


@dataclass(frozen=True)
class Row:
    """One kind of trouble.

    Args:
        name: of the row.
        says: what each waiting turn's error must say, as a pattern.
        kind: of the fault; `more` are its settings.
        route: whose calls it hits.
        headers: made when the row is run.
        rest_seconds: for how long the provider asks not to be called.
    """

    name: str
    says: str
    kind: Kind = Kind.STATUS
    more: Mapping[str, Any] = field(default_factory=dict)
    route: Route = "extraction"
    headers: Callable[[], Mapping[str, str]] = dict
    rest_seconds: float = 0

    def fault(self) -> Fault:
        return Fault(kind=self.kind, route=self.route, headers=self.headers(), **self.more)


def http_date() -> Mapping[str, str]:
    return {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=2.5), usegmt=True)}


def status(number: int, says: str = "", *, route: Route = "extraction", code: str | None = None) -> Row:
    name = f"{route}-{number}" + (f"-{code}" if code else "")
    return Row(name, says or f"answered HTTP {number}", more={"status": number, "code": code}, route=route)


def busy(name: str, headers: Callable[[], Mapping[str, str]], rest_seconds: float) -> Row:
    pattern = "answered HTTP 429"
    return Row(f"429-{name}", pattern, more={"status": 429}, headers=headers, rest_seconds=rest_seconds)


KEY = r"refused our key \(check OPENAI_API_KEY\)"
PAY = r"wants to be paid \(check the account that the key belongs to\)"
FORBIDDEN = r"does not allow our key to do this \(check OPENAI_API_KEY and the model's name\)"
NO_MODEL = r"does not know the model or the path \(check the model's name and OPENAI_BASE_URL\)"
TOO_LATE = r"did not answer within 1\.5 seconds|cannot be reached or broke off its answer"
AWAY = "cannot be reached or broke off its answer"
NO_PROTOCOL = "gave an answer that is not of its own protocol"
ROWS = [
    status(429),
    busy("seconds", lambda: {"Retry-After": "1"}, 1),
    busy("date", http_date, 1.5),
    busy("milliseconds", lambda: {"retry-after-ms": "1200", "Retry-After": "30"}, 1.2),
    *(status(number) for number in (500, 502, 503, 504, 529)),
    status(401, KEY),
    status(402, PAY),
    status(403, FORBIDDEN),
    status(404, NO_MODEL),
    status(400, KEY, code="invalid_api_key"),
    status(400, NO_MODEL, code="model_not_found"),
    Row("read-timeout", TOO_LATE, Kind.SLOW, {"seconds": 20}),
    Row("drip", TOO_LATE, Kind.DRIP, {"seconds": 0.1}),
    Row("dropped", AWAY, Kind.DROPPED),
    Row("web-page", NO_PROTOCOL, Kind.NOT_JSON_BODY),
    status(503, route="reconciliation"),
    status(401, KEY, route="reconciliation"),
    Row("reconciliation-dropped", AWAY, Kind.DROPPED, route="reconciliation"),
    *(status(number, route="embeddings") for number in (429, 500, 503)),
    status(401, KEY, route="embeddings"),
    status(404, NO_MODEL, route="embeddings"),
    Row("embeddings-read-timeout", TOO_LATE, Kind.SLOW, {"seconds": 20}, "embeddings"),
    Row("embeddings-dropped", AWAY, Kind.DROPPED, route="embeddings"),
    Row("embeddings-web-page", NO_PROTOCOL, Kind.NOT_JSON_BODY, route="embeddings"),
    Row("embeddings-wrong-count", r"gave \d vectors for \d texts", Kind.WRONG_COUNT, route="embeddings"),
    Row("embeddings-wrong-dimension", "vectors of 257 instead of 256", Kind.WRONG_DIMENSION, route="embeddings"),
    Row("embeddings-not-a-number", NO_PROTOCOL, Kind.NOT_A_NUMBER, route="embeddings"),
]


class Lanes:
    """A few owners who say something while the provider is in trouble."""

    def __init__(self, client: ScrubjayClient, http: httpx.AsyncClient, name: str) -> None:
        self._client = client
        self._http = http
        self._users = [f"{name}-{number}" for number in range(LANES)]
        self._said = f"I like green apples, {name}."
        self._known: list[str] = []
        self._turns: list[str] = []
        self._before: dict[str, int] = {}

    async def know_something(self) -> None:
        """The time before: without it there is nothing to reconcile."""
        await wait_for_status(self._client, "settled", await self._all_say(KNOWN))
        self._known = [KNOWN]

    async def say_more(self) -> None:
        """The turns that meet the trouble."""
        self._before = await settled_ledger(self._http)
        self._turns = await self._all_say(self._said)

    async def all_wait(self, says: str) -> None:
        """Every turn waits, has cost no attempt, says why, and nothing of it is stored."""
        turns = await all_are(self._client, self._turns, partial(waits, says), f"every turn waiting, saying {says!r}")
        assert {turn.attempts for turn in turns} == {0}
        assert {turn.events for turn in turns} == {()}
        for user in self._users:
            assert await memories_of(self._client, user) == self._known
        assert changes(self._before, await ledger_of(self._http)) == {"accepted": LANES, "waiting": LANES}

    async def all_settle(self) -> list[TurnView]:
        """Every turn is settled, at the first attempt that counts, and what it said is stored once."""
        turns = await wait_for_status(self._client, "settled", self._turns)
        assert {(turn.attempts, turn.error) for turn in turns} == {(1, None)}
        assert [[event.memory for event in turn.events] for turn in turns] == [[self._said]] * LANES
        for user in self._users:
            assert await memories_of(self._client, user) == [*self._known, self._said]
        assert changes(self._before, await ledger_of(self._http)) == {"accepted": LANES, "settled": LANES}
        return turns

    async def _all_say(self, text: str) -> list[str]:
        return list(await asyncio.gather(*(post(self._client, user, text) for user in self._users)))


def waits(says: str, turn: TurnView) -> bool:
    """Whether a turn is seen between two tries (during one it counts as attempted), with this pattern in its error."""
    return turn.status == "retrying" and re.search(says, turn.error or "") is not None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_turns_wait_at_no_cost_for_a_provider_in_trouble_and_are_remembered_once_when_it_is_back(
    model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient, row: Row
) -> None:
    lanes = Lanes(client, http, row.name)
    if row.route == "reconciliation":
        await lanes.know_something()
    model.fault(row.fault())
    await lanes.say_more()
    await lanes.all_wait(row.says)

    model.heal()
    for turn in await lanes.all_settle():
        assert turn.settled_at is not None
        assert turn.settled_at - turn.accepted_at >= timedelta(seconds=row.rest_seconds)


@contextmanager
def refuses_connections(provider: Provider) -> Iterator[None]:
    provider.stop()
    yield
    provider.start()


@contextmanager
def lets_connections_wait(provider: Provider) -> Iterator[None]:
    provider.stop()
    with provider.unanswering():
        yield
    provider.start()


@pytest.mark.parametrize(("trouble", "says"), [(refuses_connections, AWAY), (lets_connections_wait, TOO_LATE)])
async def test_turns_wait_for_a_provider_that_cannot_be_reached(
    provider: Provider, model: ModelServer, client: ScrubjayClient, http: httpx.AsyncClient, trouble: Any, says: str
) -> None:
    lanes = Lanes(client, http, trouble.__name__)
    with trouble(provider):
        await lanes.say_more()
        await lanes.all_wait(says)
    await lanes.all_settle()
