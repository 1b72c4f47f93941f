"""What stands of each topic while a batch is planned: whose memory a fact changes, and what stands for what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from scrubjay.model import Memory, Scope, Turn
from scrubjay.model.topics import arranged, behind, order_of
from scrubjay.model.versions import is_late, is_misdated, is_retracted, said_beside


class BatchTopics:
    """The memories that stand, by topic, as the batch has changed them so far.

    Args:
        members: as they are stored.
    """

    def __init__(self, members: Iterable[Memory]) -> None:
        self._standing = defaultdict[str, dict[str, Memory]](dict)
        for member in members:
            self.note(member)

    def note(self, memory: Memory) -> None:
        """A memory stands so from now on."""
        self._standing[memory.topic][memory.id] = memory

    def as_it_stands(self, memory: Memory) -> Memory:
        """A memory as the batch has changed it; one that is not known yet stands as it was seen."""
        return self._standing[memory.topic].setdefault(memory.id, memory)

    def before(self, memory: Memory) -> Memory | None:
        """What stands under a memory's id; None where nothing does."""
        return self._standing[memory.topic].get(memory.id)

    def of_scope(self, topic: str, scope: Scope, moment: datetime) -> Memory | None:
        """What a scope itself tells of a topic at a moment; None where it tells nothing, or that has expired."""
        members = (memory for memory in self._standing[topic].values() if memory.current and memory.scope == scope)
        living = [member for member in members if member.expires_at is None or member.expires_at > moment]
        return max(living, key=order_of, default=None)

    def place(self, memory: Memory, turn: Turn) -> tuple[Memory, list[Memory]]:
        """A memory that a turn has just said, or taken back, among those of its topic.

        Returns it with what was said later standing for it, and the others that it stands for now.
        """
        others = [other for other in self._standing[memory.topic].values() if other.scope != memory.scope]
        later = [other for other in others if is_late(_as_said(other), turn)]
        earlier = [other for other in others if other not in later]
        moment = max([memory.last_said, *(said_beside(_as_said(memory), turn) for memory in earlier)])
        if moment > memory.last_said:  # by the clocks it came before them: the order of turns decides
            field = "valid_to" if is_retracted(memory) else "said_at"
            memory = memory.model_copy(update={field: moment})
        for other in later:
            memory = behind(memory, other)
        behind_it = [(other, behind(_dated(other, memory, turn), memory)) for other in earlier]
        return memory, [after for before, after in behind_it if after is not before]

    def standing_longer(self, memory: Memory) -> list[Memory]:
        """The others of its topic that change as a memory that was said before stands for them for longer."""
        others = [other for other in self._standing[memory.topic].values() if other.scope != memory.scope]
        earlier = [other for other in others if order_of(other) < order_of(memory)]
        return [after for other in earlier if (after := behind(other, memory)) is not other]

    def rearranged(self, topic: str, stored: Iterable[Memory]) -> list[Memory]:
        """The memories of a topic that change where one of them does not stand for others for as long as it did.

        Args:
            topic: which.
            stored: all of its memories that stand, as they are stored.
        """
        members = [self.as_it_stands(memory) for memory in stored if memory.topic == topic]
        known = {memory.id: memory for memory in [*members, *self._standing[topic].values()]}
        return [memory for memory in arranged(list(known.values())) if memory.hidden != known[memory.id].hidden]


def _as_said(memory: Memory) -> Memory:
    """A memory as it was last said: what was changed of it by hand since then, but for its text, does not count."""
    return memory if is_retracted(memory) else memory.model_copy(update={"valid_from": memory.last_said})


def _dated(other: Memory, memory: Memory, turn: Turn) -> Memory:
    """Another memory, dated before the one that takes its place where its own date is far ahead and so is wrong."""
    if is_retracted(other) or not is_misdated(other, turn):
        return other
    return other.model_copy(update={"said_at": memory.last_said - timedelta(microseconds=1)})
