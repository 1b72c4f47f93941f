"""One running `turnstone up` for all end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from memory.client import TurnstoneClient
from tests.running import Running, turnstone_up


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded stack with two workers, without a model."""
    with turnstone_up(tmp_path_factory.mktemp("e2e") / "data") as running:
        yield running


@pytest.fixture
async def client(stack: Running) -> AsyncIterator[TurnstoneClient]:
    """A client of the running stack."""
    async with TurnstoneClient(stack.url) as opened:
        yield opened
