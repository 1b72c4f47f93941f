"""What has an end is told of until then; afterwards only to who asks for what has expired, and it is no obstacle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scrubjay.edit.edits import Change, update
from scrubjay.model import Memory, Page
from tests.integration.service import ANA, Service


def in_minutes(count: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=count)


async def listed(service: Service, *, show_expired: bool) -> list[str]:
    listed = await service.store.page(ANA, Page(), show_expired=show_expired)
    count, memories = listed.count, listed.items
    assert count == len(memories)
    return [memory.text for memory in memories]


async def changed(service: Service, memory: Memory, change: Change) -> Memory:
    return await update(ANA, memory.id, change, service.edits)


async def test_a_memory_is_found_until_its_end_and_then_only_by_who_asks_for_it(service: Service) -> None:
    await service.say("The code is blue", expires_at=in_minutes(-1))
    await service.say("The code is green", expires_at=in_minutes(10))
    assert await service.drain() == 2
    for show_expired, texts in ((False, {"The code is green"}), (True, {"The code is blue", "The code is green"})):
        assert set(await listed(service, show_expired=show_expired)) == texts
        recall = await service.ask("The code is", show_expired=show_expired)
        assert {result.memory.text for result in recall.results} == texts


async def test_as_of_a_moment_before_its_end_an_expired_memory_holds(service: Service) -> None:
    end = in_minutes(-5)
    await service.say("The code is blue", timestamp=end - timedelta(hours=1), expires_at=end)
    assert await service.drain() == 1
    assert [result.memory.text for result in (await service.ask("code", as_of=end - timedelta(minutes=1))).results]
    assert not (await service.ask("code", as_of=end + timedelta(minutes=1))).results


async def test_what_has_expired_can_be_said_again(service: Service) -> None:
    await service.say("The code is blue", expires_at=in_minutes(-1))
    assert await service.drain() == 1
    turn_id = await service.say("The code is blue")
    assert await service.drain() == 1
    assert [event.event for event in (await service.status(turn_id)).events] == ["ADD"]
    assert await listed(service, show_expired=False) == ["The code is blue"]


async def test_an_end_is_set_moved_and_taken_away_by_hand(service: Service) -> None:
    await service.say("The code is blue")
    assert await service.drain() == 1
    (memory,) = await service.memories()
    await changed(service, memory, Change(expires_at=in_minutes(-1)))
    assert await listed(service, show_expired=False) == []
    again = await changed(service, memory, Change(expires_at=None))
    assert (again.expires_at, again.text, again.turn_ids) == (None, memory.text, memory.turn_ids)
    assert await listed(service, show_expired=False) == ["The code is blue"]


async def test_other_metadata_leaves_the_text_and_its_source_as_they_are(service: Service) -> None:
    await service.say("I like tea", metadata={"a": 1, "b": 2})
    assert await service.drain() == 1
    (memory,) = await service.memories()
    after = await changed(service, memory, Change(metadata={"b": 3}))
    assert (after.metadata, after.text, after.quote) == ({"b": 3}, memory.text, memory.quote)
    assert [version.metadata for version in await service.store.history(ANA, memory.id)] == [{"a": 1, "b": 2}, {"b": 3}]
