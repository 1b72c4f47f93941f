"""One front for all of these tests, emptied between them: they run on one loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.webhooks.hooked import Hooked, hooked


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def opened(redis_url: str, qdrant_url: str) -> AsyncIterator[Hooked]:
    async with hooked(redis_url, qdrant_url) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def scene(opened: Hooked) -> Hooked:
    """Nobody is known yet."""
    await opened.clear()
    return opened
