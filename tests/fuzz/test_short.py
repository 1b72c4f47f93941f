"""The short form of `make fuzz`: a few requests of each kind on a running stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.progress import Progress

from tests.fuzz import generated, malformed
from tests.fuzz.system import System, running
from tests.fuzz.tally import Tally

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """The embedded stack with one worker, asking for keys."""
    async with running(tmp_path_factory.mktemp("fuzz") / "data") as opened:
        yield opened


async def test_what_is_answered_is_what_the_document_says(system: System) -> None:
    known, tally = await system.furnish(), Tally()
    await asyncio.to_thread(
        generated.fuzz, system.url, lambda: known, requests=100, seed=1, tally=tally, tick=lambda count: None,
        phases=["fuzzing"], examples=3,
    )  # fmt: skip
    assert not tally.failures, list(tally.failures.values())
    assert len(tally.statuses) > 10


async def test_a_malformed_request_is_refused_and_nothing_is_stored(system: System) -> None:
    tally = await malformed.fuzz(system, bodies=30, seed=1, progress=Progress(disable=True))
    assert not tally.failures, list(tally.failures.values())
    assert min(counts.total() for counts in tally.statuses.values()) == 30
