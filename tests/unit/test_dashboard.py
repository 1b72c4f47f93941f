"""The dashboard without a browser: its words, what it shows of a turn, and how it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from scrubjay.access.authentication import Admission
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.api.app import create_app
from scrubjay.api.dashboard import formatting, views
from scrubjay.api.dashboard import ledger as ledger_view
from scrubjay.devstack.sockets import free_port
from scrubjay.model import Event, Memory, Message, Page, Role, Scope, Status, Turn, TurnEvent, TurnStatus
from scrubjay.model.ledger import Ledger
from scrubjay.settings import Settings
from tests.redis_keys import lane_scripts
from tests.support import on_loopback

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA = Scope(tenant="default", user_id="ana")


def turn(status: Status, **more: object) -> TurnStatus:
    return TurnStatus.model_validate({"id": "t1", "status": status, "attempts": 1, "accepted_at": NOON, **more})


def said(*texts: str) -> Turn:
    messages = tuple(Message(role=Role.USER, content=text) for text in texts)
    return Turn(id="t1", scope=ANA, messages=messages, accepted_at=NOON)


def test_only_a_dead_turn_shows_what_was_said() -> None:
    shown = {
        status for status in Status if views.turn_card(turn(status), said("I live in Porto."), whole=True).messages
    }
    assert shown == {Status.DEAD}


def test_a_long_dead_letter_is_cut_in_the_list_and_whole_on_its_own_page() -> None:
    long = said("a" * 590, "b" * 590, "c")
    cut, whole = views.turn_card(turn(Status.DEAD), long), views.turn_card(turn(Status.DEAD), long, whole=True)
    assert [message.content for message in cut.messages] == ["a" * 590, "b" * 10 + "…"]
    assert cut.cut
    assert whole.messages == long.messages
    assert not whole.cut


def test_letters_are_grouped_by_error_the_newest_first() -> None:
    cards = [views.turn_card(turn(Status.DEAD, id=str(n), error=error), None) for n, error in enumerate("bab")]
    grouped = [(group.error, [card.turn.id for card in group.cards]) for group in views.groups(cards)]
    assert grouped == [("b", ["0", "2"]), ("a", ["1"])]


@pytest.mark.parametrize(
    ("took", "shown"),
    [
        (timedelta(milliseconds=12), "12 ms"),
        (timedelta(seconds=3.21), "3.2 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2, minutes=30), "2.5 h"),
    ],
)
def test_how_long_a_turn_took_is_told_in_fitting_units(took: timedelta, shown: str) -> None:
    assert formatting.lasted(turn(Status.SETTLED, settled_at=NOON + took)) == shown


def test_a_settled_turn_is_summed_up_by_what_it_did() -> None:
    events = [TurnEvent(event=event, id="m", memory="x") for event in (Event.ADD, Event.UPDATE, Event.ADD)]
    assert formatting.outcome(turn(Status.SETTLED, events=events)) == "2 added, 1 updated"
    assert formatting.outcome(turn(Status.SETTLED)) == "nothing to remember"


def test_times_are_shown_in_utc_wherever_they_come_from() -> None:
    there = datetime.fromisoformat("2026-03-01T23:30:00.000042-05:00")
    assert formatting.moment(there) == (
        '<time datetime="2026-03-02T04:30:00.000042+00:00" title="Monday 2 March 2026, 04:30:00.000042 UTC">'
        "2026-03-02 04:30:00</time>"
    )


def test_books_that_do_not_balance_say_so_in_words() -> None:
    equation = ledger_view.equation("default", Ledger(accepted=5, settled=1, waiting=1, dead=1, erased=1))
    assert not equation.balanced
    assert equation.total == 4
    assert equation.sentence.endswith("The books do not balance.")


def test_the_pager_keeps_the_filters() -> None:
    pager = views.pager(Page(number=2, size=25), 60, status=Status.DEAD, user_id="a&b")
    assert (pager.first, pager.last, pager.count) == (26, 50, 60)
    assert pager.newer == "?status=dead&user_id=a%26b&page=1"
    assert pager.older == "?status=dead&user_id=a%26b&page=3"


def test_a_quote_is_left_out_where_it_repeats_the_memory() -> None:
    memory = Memory(id="m", scope=ANA, text="x", created_at=NOON, updated_at=NOON, valid_from=NOON, quote="x")
    quotes = [version.quote for version in views.timeline([memory, memory.model_copy(update={"quote": "I say x"})])]
    assert quotes == ["I say x", None]


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"auth": "keys", "admin_key": "secret", "extractor": "offline", "embedder": "local"})


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app whose Redis is away."""
    app, redis = create_app(settings), Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    nothing: Any = None  # the operator's key is known without a look
    admission = Admission(nothing, admin_key="secret")
    app.state.parts = SimpleNamespace(turns=RedisTurns(redis, lane_scripts(redis)), admission=admission)
    yield app
    await redis.aclose()


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(on_loopback(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://scrubjay") as client:
        yield client


KEY = {"X-API-Key": "secret"}


async def test_a_page_without_a_key_asks_to_sign_in_and_leads_back(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard/dead?error=a%26b")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert 'action="/dashboard/sign-in"' in answer.text
    assert 'name="to" value="/dashboard/dead?error=a%26b"' in answer.text
    assert "alarm" not in answer.text


async def test_a_page_whose_parts_are_away_says_so_and_comes_back_by_itself(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard", headers=KEY)
    assert answer.status_code == 503
    assert "Redis does not answer" in answer.text
    assert '<meta http-equiv="refresh" content="5">' in answer.text


async def test_a_fragment_that_fails_is_one_sentence(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard?fragment=1", headers=KEY)
    assert answer.status_code == 503
    assert answer.text.startswith('<p class="alarm sentence">Redis does not answer')
    assert "<html" not in answer.text


async def test_a_filter_that_makes_no_sense_is_refused_with_a_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard?status=odd", headers=KEY)
    assert answer.status_code == 422
    assert "status: " in answer.text
    assert "<html" in answer.text


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/dead", "/dashboard/static/dashboard.js"])
async def test_every_answer_is_fenced_in(browser: httpx.AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"  # a form tells its own server where it was sent from
