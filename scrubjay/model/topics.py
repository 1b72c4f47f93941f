"""Topics: memories of one lane that tell of the same thing in different scopes, and which of them a view shows.

A view is what is seen with some ids, named by the initials of their kinds: `u` with a user's id, `ua` with a user's and
an agent's. In each view the memory of a topic that was said last stands for all of them; the others are hidden there.
So whoever asks with some ids sees what would be remembered if only what was said with these ids had been said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

from scrubjay.model.memory import FOREVER, Hidden, Memory
from scrubjay.model.scope import OWNERS, Scope

_INITIALS: Mapping[str, str] = {"user_id": "u", "agent_id": "a", "run_id": "r", "app_id": "p"}


def view(fields: Iterable[str]) -> str:
    """Pure rule: name the view that shows what has an id of each of these fields; empty where there are none."""
    wanted = set(fields)
    return "".join(_INITIALS[field] for field in OWNERS if field in wanted)


def views(fields: Iterable[str]) -> list[str]:
    """Pure rule: name all views that show what has an id of each of these fields, from the widest to the narrowest."""
    ordered = [field for field in OWNERS if field in set(fields)]
    return [view(some) for size in range(1, len(ordered) + 1) for some in combinations(ordered, size)]


def shared(scope: Scope, other: Scope) -> list[str]:
    """Pure rule: name the views that show the memories of both scopes."""
    return views(dict(scope.ids.items() & other.ids.items()))


def order_of(memory: Memory) -> tuple[datetime, int, str]:
    """Pure rule: what memories of one topic are sorted by, the one that was said last coming last."""
    return (memory.last_said, memory.order, memory.id)


def behind(memory: Memory, later: Memory) -> Memory:
    """Pure rule: a memory as it is once a later one of its topic stands for it in the views that both share."""
    mark = _mark(memory, later.last_said, end_of(later))
    marks = {name: _longer(memory.hidden.get(name), mark) for name in shared(memory.scope, later.scope)}
    hidden = {**memory.hidden, **marks}
    return memory if hidden == memory.hidden else memory.model_copy(update={"hidden": hidden})


def arranged(members: Sequence[Memory]) -> list[Memory]:
    """Pure rule: work out anew which memories of one topic stand for which, as if they had been said in this order.

    Args:
        members: all that stand, retracted ones as well: a retraction stands for what was said before it.
    """
    ordered = sorted(members, key=order_of)
    marks = defaultdict[str, dict[str, Hidden]](dict)
    for fields in (some for size in range(1, len(OWNERS) + 1) for some in combinations(OWNERS, size)):
        later = defaultdict[tuple[str, ...], _Later](_Later)
        for member in reversed(ordered):
            if not set(fields) <= set(member.scope.ids):
                continue
            after = later[tuple(member.scope.ids[field] for field in fields)]
            mark = after.but_of(member.scope)
            if mark is not None:
                marks[member.id][view(fields)] = _mark(member, mark.since, mark.until)
            after.add(member)
    return [member.model_copy(update={"hidden": marks.get(member.id, {})}) for member in ordered]


def not_last(members: Iterable[Memory], moment: datetime) -> list[Memory]:
    """Pure rule: those of some memories beside which another one of their topic was said later that has not expired.

    A retraction among them does not expire.
    """
    ordered = sorted(members, key=order_of, reverse=True)
    standing, behind_others = dict[str, set[Scope]](), list[Memory]()
    for member in ordered:
        later = standing.setdefault(member.topic, set())
        if later - {member.scope}:
            behind_others.append(member)
        if end_of(member) > moment:
            later.add(member.scope)
    return behind_others


class _Later:
    """What was said later in one view: since when, and until when it stands, apart from what one scope says.

    It needs no more than the earliest two and the two that end last, each of other scopes.
    """

    def __init__(self) -> None:
        self._earliest = list[Memory]()
        self._last_to_end = list[Memory]()

    def add(self, member: Memory) -> None:
        """Join a memory that was said before all that are here."""
        self._earliest = _two_scopes([member, *self._earliest])
        self._last_to_end = _two_scopes(sorted([*self._last_to_end, member], key=end_of, reverse=True))

    def but_of(self, scope: Scope) -> Hidden | None:
        """The mark of a memory of a scope; None where all that was said later was said in that scope itself."""
        earliest = next((memory for memory in self._earliest if memory.scope != scope), None)
        last = next((memory for memory in self._last_to_end if memory.scope != scope), None)
        return Hidden(since=earliest.last_said, until=end_of(last)) if earliest and last else None


def _two_scopes(members: Iterable[Memory]) -> list[Memory]:
    """The first members of the first two scopes."""
    first: dict[Scope, Memory] = {}
    for member in members:
        first.setdefault(member.scope, member)
    return list(first.values())[:2]


def _mark(memory: Memory, since: datetime, until: datetime) -> Hidden:
    """The mark of a memory: it is hidden for good by what outlives it, as it is shown nowhere once it has expired."""
    return Hidden(since=since, until=FOREVER if until >= end_of(memory) else until)


def end_of(memory: Memory) -> datetime:
    """Until when a memory stands for others of its topic: a retraction does not expire."""
    return (memory.expires_at if memory.current else None) or FOREVER


def _longer(before: Hidden | None, new: Hidden) -> Hidden:
    if before is None:
        return new
    return Hidden(since=min(before.since, new.since), until=max(before.until, new.until))
