"""What Mem0 says of its memories beside what Scrubjay says of them, one by one and by searching."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from scrubjay.client import ScrubjayClient
from scrubjay.client.views import MemoryView

Theirs = Mapping[str, Any]
_OWNERS = ("user_id", "agent_id", "run_id")
_AT_ONCE = 4
BEST = 3  # ranks in which a memory's own words must find it


async def all_of(client: ScrubjayClient, theirs: Sequence[Theirs]) -> dict[str, MemoryView]:
    """Every memory of all of these owners, as it is listed."""
    memories: dict[str, MemoryView] = {}
    for field, name in dict.fromkeys(leading(memory) for memory in theirs):
        number, more = 1, True
        while more:
            page = await client.memories(page=number, page_size=200, **{field: name})  # type: ignore[arg-type]
            memories |= {memory.id: memory for memory in page.results}
            number, more = number + 1, page.next is not None
    return memories


def leading(memory: Theirs) -> tuple[str, str]:
    """The id by which a memory's owner is asked for."""
    return next((field, memory[field]) for field in _OWNERS if memory.get(field))


def differences(theirs: Sequence[Theirs], ours: Mapping[str, MemoryView]) -> dict[str, list[str]]:
    """The ids of the memories that are not the same, by what differs."""
    wrong: dict[str, list[str]] = {name: [] for name in ("missing", "text", "owner", "times", "metadata", "too many")}
    for memory in theirs:
        ours_now = ours.get(memory["id"])
        if ours_now is None:
            wrong["missing"].append(memory["id"])
            continue
        for name, same in (
            ("text", _same_text),
            ("owner", same_owner),
            ("times", same_times),
            ("metadata", _same_metadata),
        ):
            if not same(memory, ours_now):
                wrong[name].append(memory["id"])
    wrong["too many"] = sorted(set(ours) - {memory["id"] for memory in theirs})
    return wrong


def _same_text(memory: Theirs, mine: MemoryView) -> bool:
    return bool(memory["memory"] == mine.memory)


def same_owner(memory: Theirs, mine: MemoryView) -> bool:
    """Whether user, agent and run are the same."""
    return all(memory.get(field) == getattr(mine, field) for field in _OWNERS)


def same_times(memory: Theirs, mine: MemoryView) -> bool:
    """Whether it was made and changed at the same moments, to the microsecond."""
    moments = [datetime.fromisoformat(memory[name]) for name in ("created_at", "updated_at")]
    return moments == [mine.created_at, mine.updated_at]


def _same_metadata(memory: Theirs, mine: MemoryView) -> bool:
    """Mem0 tells who spoke beside the metadata, Scrubjay keeps it within."""
    return {**(memory.get("metadata") or {}), "role": memory["role"]} == dict(mine.metadata or {})


async def ranks(
    client: ScrubjayClient, theirs: Sequence[Theirs], count: int, tick: Callable[[int], None]
) -> list[int | None]:
    """At which rank a memory's own words find it, with the same owner, id and times; None: not among the best.

    Args:
        client: of the server.
        theirs: of which a sample is taken, the same each time.
        count: of so many.
        tick: told how many more were searched.
    """
    queue = asyncio.Semaphore(_AT_ONCE)

    async def one_rank(memory: Theirs) -> int | None:
        async with queue:
            field, name = leading(memory)
            results = (await client.search(memory["memory"], limit=BEST, **{field: name})).results  # type: ignore[arg-type]
        tick(1)
        fits = (place for place, it in enumerate(results, 1) if it.id == memory["id"] and same_owner(memory, it)
                and same_times(memory, it))  # fmt: skip
        return next(fits, None)

    sample = Random(1).sample(list(theirs), min(count, len(theirs)))
    return list(await asyncio.gather(*(one_rank(memory) for memory in sample)))
