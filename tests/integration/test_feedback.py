"""What somebody thinks of a memory is told to be kept only when it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.edit.edits import judge
from scrubjay.errors import LaneBusy, NotFound
from scrubjay.model import Feedback, Lease, Memory, Rating, Write
from tests.fakes import word_vector
from tests.integration.service import ANA, Service


class Overtaken:
    """A store in which a holder with a newer token writes the memory just before feedback arrives."""

    def __init__(self, store: QdrantStore, memory: Memory, *, deletes: bool = False) -> None:
        self._store = store
        self._memory = memory
        self._deletes = deletes

    async def judge(self, lease: Lease, memory_id: str, feedback: Feedback | None) -> None:
        newer = lease.model_copy(update={"token": lease.token + 1})
        if self._deletes:
            await self._store.delete(ANA, memory_id)
        else:
            write = Write(point_id=memory_id, memory=self._memory, vector=word_vector(self._memory.text))
            await self._store.apply(newer, [write], float("inf"))
        await self._store.judge(lease, memory_id, feedback)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def a_memory(service: Service) -> Memory:
    await service.say("I like tea")
    await service.drain()
    (memory,) = await service.memories()
    return memory


async def test_feedback_that_a_newer_fencing_token_keeps_out_is_no_success(service: Service) -> None:
    memory = await a_memory(service)
    store: Any = Overtaken(service.store, memory)
    with pytest.raises(LaneBusy):
        await judge(ANA, memory.id, Rating.POSITIVE, None, replace(service.edits, store=store))
    assert [item.feedback for item in await service.memories()] == [None]
    kept = await judge(ANA, memory.id, Rating.POSITIVE, "true", service.edits)
    assert kept.feedback is not None
    assert [memory.feedback for memory in await service.memories()] == [kept.feedback]


async def test_feedback_on_a_memory_that_went_meanwhile_is_no_success(service: Service) -> None:
    memory = await a_memory(service)
    store: Any = Overtaken(service.store, memory, deletes=True)
    with pytest.raises(NotFound):
        await judge(ANA, memory.id, Rating.NEGATIVE, None, replace(service.edits, store=store))
