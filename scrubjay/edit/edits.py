"""Revising by hand: change, undo or delete one memory, under the owner's lease so that no worker writes beside us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scrubjay.erase.tombstones import is_forgotten, notify_webhooks, rearranged, show_others_again, write_under
from scrubjay.errors import BadRequest, LaneBusy, MemoryNotFound, NothingToUndo
from scrubjay.llm.asking import asked_by
from scrubjay.llm.usage import paid_by
from scrubjay.llm.vectors import vectors_of
from scrubjay.model import Event, Feedback, Lease, Memory, Metadata, Notification, Rating, Scope, Value, Write
from scrubjay.model.erasure import Removal
from scrubjay.model.topics import arranged
from scrubjay.model.versions import cut_short, in_order, is_far_ahead, standing, superseded, version_id
from scrubjay.ports import Embedder, Lanes, MemoryStore, RemovalNotes
from scrubjay.safety.injection import Quarantine, judged
from scrubjay.validation import Metadata as BoundedMetadata

_SAID = (
    "scope", "text", "categories", "metadata", "expires_at", "turn_ids", "quote", "model", "prompt_version", "marked",
)  # fmt: skip
_METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(BoundedMetadata)


@dataclass(frozen=True, kw_only=True)
class EditServices:
    """What changes by hand need.

    Args:
        removal_notes: where deletions are noted, so that they are repeated.
        lanes: taken while a memory is changed.
        store: of memories.
        embedder: makes the vector of a new text.
        quarantine: off: no text is looked at for instructions to a prompt.
    """

    removal_notes: RemovalNotes
    lanes: Lanes
    store: MemoryStore
    embedder: Embedder
    quarantine: Quarantine = Quarantine.MARK


class Change(Value):
    """What is to become another of a memory; what is not set stays.

    Args:
        text: None: as it is.
        metadata: in the place of all that was there; None: as it is.
        metadata_patch: joins what is there, or `metadata` where that is set as well: of a key that is there the new
            value holds. None: as it is.
        expires_at: from when on it is not recalled any more; set to None: never.
    """

    text: str | None = None
    metadata: Metadata | None = None
    metadata_patch: Metadata | None = None
    expires_at: datetime | None = None

    def fields_of(self, before: Memory) -> Mapping[str, Any]:
        """Work out the fields that this edit gives the next version of a memory, but for its text: metadata and expiry.

        Raises BadRequest where its metadata would be too large.
        """
        fields: dict[str, Any] = {}
        if self.metadata is not None or self.metadata_patch is not None:
            fields["metadata"] = before.metadata if self.metadata is None else self.metadata
        if self.metadata_patch is not None:
            fields["metadata"] = _bounded({**fields["metadata"], **self.metadata_patch})
        return {**fields, **({"expires_at": self.expires_at} if "expires_at" in self.model_fields_set else {})}


async def update(reach: Scope, memory_id: str, change: Change, services: EditServices) -> Memory:
    """Change a memory; what it was stays in its history. A new text is marked where it reads like an instruction.

    Args:
        reach: all that the caller may change.
        memory_id: which memory.
        change: what is to be another.
        services: what changes need.

    Raises NotFound, BadRequest where the joined metadata would be too large, LaneBusy when a worker keeps the owner's
    lane, and what the services raise.
    """
    lane = (await _current(reach, memory_id, services.store)).scope.lane
    rewritten = await _rewritten(change.text, services.quarantine)
    async with services.lanes.edit(lane) as lease:
        before = await _current(reach, memory_id, services.store)
        fields = {**change.fields_of(before), **rewritten}
        return await _renew(lease, before, fields, {before.text: before.id}, services)


def _bounded(metadata: Metadata) -> Metadata:
    """The same metadata; each of two patches may be small, and what they make together may not."""
    try:
        return _METADATA.validate_python(metadata)
    except ValidationError as error:
        sentence = str(error.errors(include_input=False)[0]["msg"]).removeprefix("Value error, ")
        raise BadRequest(f"metadata: with what is there already it {sentence}") from None


async def _rewritten(text: str | None, quarantine: Quarantine) -> Mapping[str, Any]:
    """What a new text brings along: it rests on no turn's words."""
    if text is None:
        return {}
    marked = quarantine is not Quarantine.OFF and (await judged([text]))(text)
    return {
        "text": text,
        "turn_ids": (),
        "quote": None,
        "model": None,
        "prompt_version": None,
        "marked": marked,
        "feedback": None,
    }


async def judge(
    reach: Scope, memory_id: str, rating: Rating | None, reason: str | None, services: EditServices
) -> Memory:
    """Say what one thinks of a memory as it stands; once it says something else, that is of the past with it.

    Args:
        reach: all that the caller may see.
        memory_id: which memory.
        rating: None takes back what was said.
        reason: in one's own words.
        services: what changes need.

    Raises NotFound, LaneBusy (also where it was not written), and what the services raise.
    """
    lane, store = (await _current(reach, memory_id, services.store)).scope.lane, services.store
    async with services.lanes.edit(lane) as lease:
        feedback = Feedback(rating=rating, reason=reason, given_at=lease.taken_at) if rating is not None else None
        await store.judge(lease, memory_id, feedback)
        # The store writes nothing over a newer fencing token, and does not tell: the memory itself does.
        after = await _current(reach, memory_id, store)
        if after.feedback != feedback:
            raise LaneBusy("this memory was being changed just then", retry_after_seconds=1)
        return after


async def undo(reach: Scope, memory_id: str, services: EditServices) -> Memory:
    """Take the last change of a memory back: the version before it, or what was retracted, holds again from now on.

    Nothing is removed: what is taken back stays in the history. Raises NotFound, NothingToUndo for a memory that never
    changed, LaneBusy, and what the services raise.
    """
    lane = _latest(await services.store.history(reach, memory_id)).scope.lane
    async with services.lanes.edit(lane) as lease:
        versions = await services.store.history(reach, memory_id)
        latest = _latest(versions)
        earlier = [
            version
            for version in in_order(versions)
            if version.version != latest.version and not _says(version, latest)
        ]
        if latest.current and not earlier:
            raise NothingToUndo("this memory has never changed: there is no version before it")
        restored = earlier[-1] if latest.current else latest
        fields = {name: getattr(restored, name) for name in _SAID}
        if restored.text != latest.text:  # what one thinks of a memory is of its words
            fields["feedback"] = restored.feedback
        points = {restored.text: version_id(restored.id, restored.version), latest.text: latest.id}
        return await _renew(lease, latest, fields, points, services)


async def _renew(
    lease: Lease, before: Memory, fields: Mapping[str, Any], points: Mapping[str, str], services: EditServices
) -> Memory:
    """Put a new version in a memory's place; the one before becomes history.

    Args:
        lease: of its lane.
        before: as it stands.
        fields: of the new version, where they are others.
        points: the ids of points by their texts: what they say is not embedded again.
        services: what changes need.
    """
    lanes, store = services.lanes, services.store
    if await is_forgotten(before, lanes):
        raise MemoryNotFound()  # an erase is at it; what we wrote now would be newer than its epoch, and stay
    now = lease.taken_at
    # What is dated ahead by more than moments was dated by a wrong clock: what a person says now holds from now on.
    is_misdated = is_far_ahead(before.valid_from, now)
    since = now if is_misdated else max(now, before.valid_from)
    others = await store.history(Scope(tenant=before.scope.tenant), before.id) if is_misdated else []
    cut = cut_short((version for version in others if version.version != before.version), since)
    again: dict[str, Any] = {"event": Event.UPDATE, "version": before.version + 1, "current": True, "valid_to": None}
    # What holds in other words, or holds again, is said now; other metadata or another end are not: what stands for it
    # in a view goes on to do so.
    is_said_now = not before.current or fields.get("text", before.text) != before.text
    again["said_at"] = None if is_said_now else before.said_at or before.valid_from
    after = before.model_copy(update={**again, "updated_at": now, "order": lease.token, "valid_from": since, **fields})
    ended = min(before.valid_to or since, since)
    past = superseded(before, after) if before.current else before.model_copy(update={"valid_to": ended})
    with paid_by(before.scope.tenant), asked_by(before.scope):
        texts = [after.text, before.text]
        vectors = await vectors_of(texts, points, lease.lane, store, services.embedder)
    past_vector = tuple(vectors[before.text])
    writes = [Write(point_id=version_id(past.id, past.version), memory=past, vector=past_vector)]
    # What is cut short keeps its text, and so the vector that its point has.
    writes += [Write(point_id=version_id(version.id, version.version), memory=version) for version in cut]
    siblings = [member for member in await store.members(lease.lane, [after.topic]) if member.id != after.id]
    writes += [write for write in rearranged([*siblings, after]) if write.memory.id != after.id]
    after = next(memory for memory in arranged([*siblings, after]) if memory.id == after.id)
    writes.append(Write(point_id=after.id, memory=after, vector=tuple(vectors[after.text])))
    notification = Notification(event=Event.UPDATE, scope=after.scope, memory_id=after.id, version=after.version)
    async with notify_webhooks(lease, notification, lanes):
        await write_under(lease, writes, lanes, store)
    return after


async def delete(reach: Scope, memory_id: str, services: EditServices) -> None:
    """Delete one memory by hand, by its id, with its whole history, under the owner's lease as any edit.

    A worker that was stopped in the midst of a write may still finish it: the sweep removes once more, shortly after.

    Raises NotFound, LaneBusy, and what the services raise.
    """
    lanes, store = services.lanes, services.store
    memory = await _current(reach, memory_id, store)
    async with lanes.edit(memory.scope.lane) as lease:
        await services.removal_notes.note_removal(Removal(scope=memory.scope, memory_id=memory_id, until=lease.token))
        async with notify_webhooks(
            lease, Notification(event=Event.DELETE, scope=memory.scope, memory_id=memory_id), lanes
        ):
            await show_others_again(lease, memory, lanes, store)
            if not await store.delete(reach, memory_id):
                raise MemoryNotFound()


async def _current(reach: Scope, memory_id: str, store: MemoryStore) -> Memory:
    memory = await store.get(reach, memory_id)
    if memory is None:
        raise MemoryNotFound()
    return memory


def _says(version: Memory, latest: Memory) -> bool:
    """Whether a version tells nothing else than the latest one: it was only said again."""
    compared = ("text", "metadata", "expires_at", "categories")
    return latest.current and all(getattr(version, name) == getattr(latest, name) for name in compared)


def _latest(versions: Sequence[Memory]) -> Memory:
    """The version that stands. Raises NotFound where there is none."""
    memory = standing(versions)
    if memory is None:
        raise MemoryNotFound()
    return memory
