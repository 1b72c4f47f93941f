"""Which points are meant: Qdrant's filters over our payloads. The tenant clause is made here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from qdrant_client import models

from scrubjay.adapters.qdrant.payload import CURRENT, PAST, QUARANTINED, RETRACTED, stamp
from scrubjay.model import OWNERS, Lane, Lease, Scope, Write
from scrubjay.model.memory import FOREVER
from scrubjay.model.topics import view


def equals(field: str, value: str) -> models.FieldCondition:
    """That a field has, or holds, a value."""
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def within(scope: Scope, *more: models.Condition) -> models.Filter:
    """Everything of a scope: the tenant always, and each id that is set."""
    ids: list[models.Condition] = [equals(field, name) for field, name in scope.ids.items()]
    return models.Filter(must=[equals("tenant", scope.tenant), *ids, *more])


def current(scope: Scope, *more: models.Condition) -> models.Filter:
    """The memories of a scope as they stand now, and of which more holds."""
    return within(scope, equals("state", CURRENT), *more)


def weighed(lane: Lane, retracted: tuple[datetime, datetime | None] | None, now: datetime) -> models.Filter:
    """The Qdrant filter for the points in a lane that a candidate for a memory is weighed against.

    They are what stands now, and what was retracted between two moments if given. What has expired says nothing any
    more: told again, it is news.
    """
    if retracted is None:
        return unexpired(of_lane(lane, equals("state", CURRENT)), now)
    after, until = retracted
    later = models.DatetimeRange(gt=stamp(after), lte=stamp(until) if until else None)
    ended = models.FieldCondition(key="valid_to", range=later)
    taken_back = models.Filter(must=[equals("state", RETRACTED), ended])
    either = models.Filter(should=[equals("state", CURRENT), taken_back])
    return unexpired(of_lane(lane, either), now)


def of_lane(lane: Lane, *more: models.Condition) -> models.Filter:
    """The points that belong to a lane, and of which more holds.

    A user's memory that names an agent as well is the user's, and no turn of the agent's own may change it.
    """
    before = OWNERS[: OWNERS.index(f"{lane.kind}_id")]
    return within(lane.scope, *_without(before), *more)


def just(scope: Scope) -> models.Filter:
    """The points of memories that have these ids and no others."""
    return within(scope, *_without([field for field in OWNERS if field not in scope.ids]))


def _without(fields: Sequence[str]) -> list[models.Condition]:
    return [models.IsEmptyCondition(is_empty=models.PayloadField(key=field)) for field in fields]


def shown(selection: models.Filter, view_name: str, moment: datetime, *, is_past: bool = False) -> models.Filter:
    """The selected points for which no other memory of their topic stands in a view.

    Args:
        selection: the points to choose from.
        view_name: of the view; empty: nothing is hidden.
        moment: when.
        is_past: the moment may be in the past: what was said after it hides nothing.
    """
    if not view_name:
        return selection
    until = models.FieldCondition(key=f"hidden.{view_name}.until", range=models.DatetimeRange(gt=stamp(moment)))
    since = models.FieldCondition(key=f"hidden.{view_name}.since", range=models.DatetimeRange(lte=stamp(moment)))
    hidden = models.Filter(must=[equals("hidden_in", view_name), until, *([since] if is_past else [])])
    return models.Filter(must=selection.must, must_not=[*_excluded(selection), hidden])


def hidden_anywhere(selection: models.Filter) -> models.Filter:
    """The selected points for which another memory of their topic stands, or has stood, in some view."""
    nowhere = models.IsEmptyCondition(is_empty=models.PayloadField(key="hidden_in"))
    return models.Filter(must=selection.must, must_not=[*_excluded(selection), nowhere])


def some_topics(scope: Scope, topics: Sequence[str]) -> models.Filter:
    """The points within a scope of memories of some topics."""
    return within(scope, of_topics(topics))


def _always_shown(view_name: str) -> models.Condition:
    """That a memory may be shown in a view now, or once what stands for it there has expired."""
    never = models.FieldCondition(key=f"hidden.{view_name}.until", range=models.DatetimeRange(gte=stamp(FOREVER)))
    return models.Filter(must_not=[models.Filter(must=[equals("hidden_in", view_name), never])])


def beside(scopes: Collection[Scope], topics: Sequence[str]) -> models.Filter:
    """The points of memories of some topics that may be seen where what is said in one of these scopes is seen.

    The scopes are of one lane. Their own memories are among the points, and a memory that hides another one in all
    the views that the two share.
    """
    lane = next(iter(scopes)).lane
    parts = {part for scope in scopes for part in scope.covering if lane.scope.covers(part)}
    either: list[models.Condition] = [within(part, _always_shown(view(part.ids))) for part in parts]
    either += [just(scope) for scope in scopes]
    return of_lane(lane, of_topics(topics), stands(), models.Filter(should=either))


def stands() -> models.Condition:
    """That a version stands: it is current, or was retracted last."""
    return models.FieldCondition(key="state", match=models.MatchAny(any=[CURRENT, RETRACTED]))


def superseded() -> models.Condition:
    """That a version stands no longer: another one of its memory has taken its place."""
    return equals("state", PAST)


def shown_or_retracted(selection: models.Filter) -> models.Filter:
    """The selected points, and those that would be selected if they had not been retracted."""
    is_current = equals("state", CURRENT)
    return models.Filter(
        must=[stands() if condition == is_current else condition for condition in _conditions(selection)],
        must_not=selection.must_not,
    )


def of_topics(topics: Sequence[str]) -> models.Condition:
    """That a version's memory has one of these topics."""
    return models.FieldCondition(key="topic", match=models.MatchAny(any=list(topics)))


def unexpired(selection: models.Filter, moment: datetime) -> models.Filter:
    """The selected points that have not expired at a moment."""
    expired = models.FieldCondition(key="expires_at", range=models.DatetimeRange(lte=stamp(moment)))
    return models.Filter(must=selection.must, must_not=[*_excluded(selection), expired])


def living(selection: models.Filter, moment: datetime) -> models.Filter:
    """The selected points that have not expired at a moment; a retracted memory does not expire."""
    expired = models.FieldCondition(key="expires_at", range=models.DatetimeRange(lte=stamp(moment)))
    ended = models.Filter(must=[equals("state", CURRENT), expired])
    return models.Filter(must=selection.must, must_not=[*_excluded(selection), ended])


def as_of(scope: Scope, moment: datetime, *more: models.Condition) -> models.Filter:
    """The versions of a scope that held at a moment, and of which more holds."""
    at = stamp(moment)
    return models.Filter(
        must=[
            *_conditions(within(scope, *more)),
            models.FieldCondition(key="valid_from", range=models.DatetimeRange(lte=at)),
        ],
        must_not=[
            models.FieldCondition(key="valid_to", range=models.DatetimeRange(lte=at)),
            equals("state", QUARANTINED),
        ],
    )


def searched(scope: Scope, moment: datetime | None, *more: models.Condition) -> models.Filter:
    """What a search looks at: what stands now, or what held at a moment."""
    return current(scope, *more) if moment is None else as_of(scope, moment, *more)


def versions(reach: Scope, memory_id: str, token: int | None = None) -> models.Filter:
    """Every version of one memory, and what is held back under its id; those written up to a token if one is given."""
    written = [] if token is None else [_written_until(token)]
    return within(reach, equals("memory_id", memory_id), *written)


def history(reach: Scope, memory_id: str) -> models.Filter:
    """The Qdrant filter for the points of one memory that its history shows: every version that is not held back."""
    return models.Filter(must=versions(reach, memory_id).must, must_not=[equals("state", QUARANTINED)])


def quarantined(reach: Scope, memory_id: str | None = None) -> models.Filter:
    """The Qdrant filter for the points of memories that are held back within reach, or of the one with this id."""
    of_memory = [equals("memory_id", memory_id)] if memory_id is not None else []
    return within(reach, equals("state", QUARANTINED), *of_memory)


def points(reach: Scope, ids: Sequence[str]) -> models.Filter:
    """These points."""
    return within(reach, models.HasIdCondition(has_id=list(ids)))


def standing_point(reach: Scope, memory_id: str) -> models.Filter:
    """The current version of one memory: its point carries the memory's own id."""
    return within(reach, models.HasIdCondition(has_id=[memory_id]), equals("state", CURRENT))


def made_until(scope: Scope, order: int, *more: models.Condition) -> models.Filter:
    """Every version in scope that a turn or an edit up to a place in the order made, and of which more holds.

    What has no place in the order is among them: an erase leaves only what is known to be newer.
    """
    newer = models.FieldCondition(key="order", range=models.Range(gt=order))
    return models.Filter(must=within(scope, *more).must, must_not=[newer])


def made_after(scope: Scope, order: int) -> models.Filter:
    """The others: every version in scope that is newer."""
    return within(scope, models.FieldCondition(key="order", range=models.Range(gt=order)))


def stands_until(scope: Scope, order: int) -> models.Filter:
    """The same, of the versions that stand."""
    return made_until(scope, order, stands())


def unfenced_point(token: int, write: Write) -> models.Filter:
    """The point of a write, unless a newer fencing token has written it."""
    there = points(Scope(tenant=write.memory.scope.tenant), [write.point_id])
    return both(there, not_fenced_off(token))


def both(first: models.Filter, second: models.Filter) -> models.Filter:
    """The points that both filters select."""
    excluded = [*_excluded(first), *_excluded(second)]
    return models.Filter(must=[*_conditions(first), *_conditions(second)], must_not=excluded or None)


def but_not(selection: models.Filter, other: models.Filter) -> models.Filter:
    """The points that the first filter selects and the other does not."""
    return models.Filter(must=selection.must, must_not=[*_excluded(selection), other])


def not_fenced_off(token: int) -> models.Filter:
    """The points that no newer fencing token has written."""
    return models.Filter(must=[_written_until(token)])


def _written_until(token: int) -> models.Condition:
    return models.FieldCondition(key="fence", range=models.Range(lte=token))


def ours(lease: Lease, memory_id: str) -> models.Filter:
    """The standing version of one of a lane's memories, unless a newer fencing token has written it."""
    return both(standing_point(lease.lane.scope, memory_id), not_fenced_off(lease.token))


def _excluded(selection: models.Filter) -> list[models.Condition]:
    return selection.must_not if isinstance(selection.must_not, list) else []


def _conditions(selection: models.Filter) -> list[models.Condition]:
    return selection.must if isinstance(selection.must, list) else []
