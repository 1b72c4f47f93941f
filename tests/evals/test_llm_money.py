"""What calls cost, and the relay that counts those of the stack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from scrubjay.model import Usage
from tests.evals.llm.halt import BUDGET, INTERRUPTED, Halt
from tests.evals.llm.journal import Journal
from tests.evals.llm.meter import Meter
from tests.evals.llm.prices import Prices
from tests.evals.llm.relay import relaying
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind

HALF = Prices(None, Decimal(1), Decimal(2))
MILLION = Usage(calls=1, prompt_tokens=1_000_000, completion_tokens=500_000)


def test_prices_are_known_by_the_model_s_name_or_given() -> None:
    known = Prices().usd("gpt-4o-mini", MILLION)
    assert known is not None
    assert known > 0
    assert HALF.usd("whatever", MILLION) == 2
    assert Prices().usd("no-such-model", MILLION) is None
    assert Prices("http://127.0.0.1:1234/v1").usd("gpt-4o-mini", MILLION) is None  # the same name, somewhere else


def test_a_total_with_an_unknown_price_is_not_known_and_no_budget_covers_it() -> None:
    meter = Meter(Prices(), Decimal(100))
    assert (meter.total_usd, meter.is_exhausted) == (Decimal(0), False)
    meter.add("answer", "gpt-4o-mini", MILLION)
    assert not meter.is_exhausted
    meter.add("judge", "no-such-model", MILLION)
    assert (meter.total_usd, meter.is_exhausted) == (None, True)


Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def opened(model: ModelServer, tmp_path: Path) -> Opened:
    """A client that speaks through a relay whose journal is kept."""

    @asynccontextmanager
    async def through(meter: Meter, halt: Halt) -> AsyncIterator[httpx.AsyncClient]:
        journal = Journal(tmp_path / "relayed.jsonl")
        async with (
            relaying(model.base_url, journal, meter, halt) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            yield client

    return through


def question(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


async def test_what_an_earlier_run_has_paid_for_is_given_once_and_costs_nothing(
    model: ModelServer, opened: Opened
) -> None:
    async with opened(Meter(HALF, None), Halt()) as client:
        first = (await client.post("/chat/completions", json=question("Hello?"))).json()
    meter = Meter(HALF, None)
    async with opened(meter, Halt()) as client:
        assert (await client.post("/chat/completions", json=question("Hello?"))).json() == first
        assert (model.counts().calls["chat"], meter.usage) == (1, {})
        await client.post("/chat/completions", json=question("Hello?"))
    assert model.counts().calls["chat"] == 2
    usage = first["usage"]
    tokens = {"prompt_tokens": usage["prompt_tokens"], "completion_tokens": usage["completion_tokens"]}
    assert meter.usage == {"memory": Usage(calls=1, **tokens)}


async def test_a_failure_is_passed_on_as_it_is_and_costs_nothing(model: ModelServer, opened: Opened) -> None:
    model.fault(Fault(kind=Kind.STATUS, status=429, headers={"Retry-After": "7"}, message="slowly"))
    meter = Meter(HALF, None)
    async with opened(meter, Halt()) as client:
        refused = await client.post("/chat/completions", json=question("Hello?"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.json()["error"]["message"] == "slowly"
    assert meter.usage == {}


async def test_a_provider_that_refuses_our_key_stops_the_run(model: ModelServer, opened: Opened) -> None:
    model.fault(Fault(kind=Kind.STATUS, status=401, message="no such key"))
    halt = Halt()
    async with opened(Meter(HALF, None), halt) as client:
        await client.post("/chat/completions", json=question("Hello?"))
    assert "no such key" in (halt.reason or "")


async def test_no_call_passes_once_the_run_is_to_stop_or_the_budget_is_used_up(
    model: ModelServer, opened: Opened
) -> None:
    stopping, poor = Halt(), Halt()
    stopping.ask(INTERRUPTED)
    for meter, halt in ((Meter(HALF, None), stopping), (Meter(HALF, Decimal(0)), poor)):
        async with opened(meter, halt) as client:
            assert (await client.post("/chat/completions", json=question("Hello?"))).status_code == 402
            assert (await client.get("/models")).status_code == 200
    assert poor.reason == BUDGET
    assert "chat" not in model.counts().calls
