"""Whose memories a filter asks for: the ids that it demands narrow the scope, and somebody must be named."""

from __future__ import annotations

from scrubjay.errors import BadRequest
from scrubjay.model import Scope
from scrubjay.model.filters import Condition, demanded, narrowest, owners
from scrubjay.search.filters.values import refused


def narrowed(scope: Scope, condition: Condition | None) -> Scope:
    """The scope, with each id for which the condition leaves one value only.

    Raises BadRequest where the two contradict each other, and where neither names an owner: a memory found must be
    known to belong to one that was named.
    """
    if condition is None:
        return scope
    ids = scope.ids
    for field, names in demanded(condition).items():
        if not names:
            raise refused(f"no {field} can be everything that is asked of it")
        if field in ids and ids[field] not in names:
            raise BadRequest(f"{field} is one id in the request and another in its filters; say it once")
        if field not in ids and len(names) == 1:
            ids[field] = min(names)
    if not ids and owners(condition) is None:
        raise refused(
            'name an owner: user_id, agent_id, run_id or app_id by eq or in; "*" is anybody, and nobody in particular'
        )
    return Scope(tenant=scope.tenant, **ids)


def waiting_owners(scope: Scope, condition: Condition | None) -> tuple[Scope, ...]:
    """The owners in whose lanes turns may wait that change what is recalled.

    Args:
        scope: whose memories.
        condition: that a filter was read into.
    """
    choices = [frozenset([owner]) for owner in list(scope.ids.items())[:1]]
    asked_for = owners(condition) if condition is not None else None
    pairs = narrowest([*choices, *([asked_for] if asked_for is not None else [])])
    return tuple(Scope(tenant=scope.tenant, **{field: name}) for field, name in sorted(pairs or ()))
