"""Topics: which of the memories that tell of the same thing in different scopes a view shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.model import OWNERS, Event, Memory, Scope
from scrubjay.model.memory import FOREVER, Hidden
from scrubjay.model.topics import arranged, behind, shared, view, views

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUNS = (None, "r1", "r2", "r3")


def memory(number: int, agent: str | None = None, run: str | None = None, hours: int = 1, **more: object) -> Memory:
    moment = MARCH + hours * HOUR
    fields = {"created_at": moment, "updated_at": moment, "valid_from": moment, "order": number, "topic": "t"}
    scope = Scope(tenant="default", user_id="ana", agent_id=agent, run_id=run)
    return Memory.model_validate({"id": str(number), "scope": scope, "text": "x", **fields, **more})


def test_views_are_named_by_the_kinds_of_their_ids_from_the_widest_to_the_narrowest() -> None:
    assert view(["run_id", "user_id", "text"]) == "ur"
    assert views(["agent_id", "user_id"]) == ["u", "a", "ua"]
    assert len(views(OWNERS)) == 15


def test_a_memory_is_hidden_only_in_the_views_that_both_share() -> None:
    older, later = memory(1, "a", "r1"), memory(2, "a", "r2", hours=2)
    assert shared(older.scope, later.scope) == ["u", "a", "ua"]
    assert behind(older, later).hidden == dict.fromkeys(["u", "a", "ua"], Hidden(since=MARCH + 2 * HOUR))
    assert behind(behind(older, later), later) is not None
    assert behind(memory(1, "a"), memory(2, "b")).hidden.keys() == {"u"}


def test_what_expires_hides_others_only_until_then() -> None:
    older, later = memory(1, run="r1"), memory(2, run="r2", hours=2, expires_at=MARCH + 9 * HOUR)
    assert behind(older, later).hidden == {"u": Hidden(since=MARCH + 2 * HOUR, until=MARCH + 9 * HOUR)}
    last = memory(3, run="r3", hours=3)
    assert behind(behind(older, later), last).hidden["u"].until == FOREVER


def test_a_retraction_stands_for_what_was_said_before_it_and_does_not_expire() -> None:
    ended = MARCH + 3 * HOUR
    retraction = memory(2, run="r2", expires_at=MARCH + 4 * HOUR)
    later = retraction.model_copy(update={"current": False, "event": Event.DELETE, "valid_to": ended})
    assert behind(memory(1, run="r1"), later).hidden == {"u": Hidden(since=ended)}


members = st.lists(
    st.tuples(st.sampled_from((None, "a", "b")), st.sampled_from(RUNS), st.integers(1, 9), st.integers(0, 12)),
    min_size=1,
    max_size=7,
)


@given(members)
def test_in_each_view_just_the_last_that_has_not_expired_is_shown(
    rows: list[tuple[str | None, str | None, int, int]],
) -> None:
    """By the rule itself: whoever asks with some ids sees what was said last with these ids."""
    scopes = dict[Scope, Memory]()
    for number, (agent, run, hours, lasting) in enumerate(rows):
        end = {"expires_at": MARCH + (hours + lasting) * HOUR} if lasting else {}
        made = memory(number, agent, run, hours, **end)
        scopes[made.scope] = made
    after = arranged(list(scopes.values()))
    for moment in (MARCH + hours * HOUR for hours in range(9, 22)):
        for fields in (some for size in (1, 2, 3) for some in combinations(OWNERS[:3], size)):
            for shown_ids in {tuple(memory.scope.ids.get(field) for field in fields) for memory in after} - {None}:
                inside = [
                    memory for memory in after if tuple(memory.scope.ids.get(field) for field in fields) == shown_ids
                ]
                if None in shown_ids:
                    continue
                living = [memory for memory in inside if memory.expires_at is None or memory.expires_at > moment]
                shown = [
                    memory
                    for memory in living
                    if view(fields) not in memory.hidden or memory.hidden[view(fields)].until <= moment
                ]
                last = max(living, key=lambda memory: (memory.last_said, memory.order, memory.id), default=None)
                assert shown == ([last] if last else [])
