"""Filters as values: conditions over memories, checked when they were read, and what they say about whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from scrubjay.model.scope import OWNERS
from scrubjay.model.value import Value


class Op(StrEnum):
    """How a field is compared. All but `IS_SET` compare with values; none holds where the field is not set."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NIN = "nin"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    IS_SET = "*"


class On(StrEnum):
    """The fields of a memory that a filter may look at, under their public names."""

    USER_ID = "user_id"
    AGENT_ID = "agent_id"
    RUN_ID = "run_id"
    APP_ID = "app_id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    KEYWORDS = "keywords"
    CATEGORIES = "categories"
    METADATA = "metadata"
    MEMORY_IDS = "memory_ids"


class Span(Value):
    """A stretch of time with both its ends, to the microsecond: an instant, or a whole day in UTC."""

    first: datetime
    last: datetime


Operand = str | bool | int | float | Span


class Comparison(Value):
    """One comparison.

    Args:
        path: the keys that lead into metadata, outermost first; empty for every other field.
        values: one, or several for IN and NIN; none for IS_SET.
    """

    on: On
    op: Op
    values: tuple[Operand, ...] = ()
    path: tuple[str, ...] = ()


class AllOf(Value):
    """Holds where all of its parts hold."""

    parts: Annotated[tuple[Condition, ...], Field(min_length=1)]


class AnyOf(Value):
    """Holds where at least one of its parts holds."""

    parts: Annotated[tuple[Condition, ...], Field(min_length=1)]


class NoneOf(Value):
    """Holds where none of its parts holds."""

    parts: Annotated[tuple[Condition, ...], Field(min_length=1)]


Condition = Comparison | AllOf | AnyOf | NoneOf
Owner = tuple[str, str]  # the id's field, and the id


def demanded(condition: Condition) -> Mapping[str, frozenset[str]]:
    """Pure rule over the value of a condition: for each owner's id without which it cannot hold, the values that the
    id may have.
    """
    if isinstance(condition, Comparison):
        return {condition.on.value: _names(condition)} if _names_owners(condition) else {}
    if not isinstance(condition, AllOf):
        return {}
    demands: dict[str, frozenset[str]] = {}
    for part in condition.parts:
        for field, names in demanded(part).items():
            demands[field] = demands.get(field, names) & names
    return demands


def names_ids_of(condition: Condition) -> frozenset[str]:
    """Pure rule: the owners' fields that a filter looks at in any of its parts."""
    if isinstance(condition, Comparison):
        return frozenset([condition.on.value]) & set(OWNERS)
    return frozenset().union(*map(names_ids_of, condition.parts))


def owners(condition: Condition) -> frozenset[Owner] | None:
    """Pure rule over the value of a condition: owners of whom every memory that meets it has at least one.

    None where such a memory may be anybody's.
    """
    if isinstance(condition, Comparison):
        names_owners = _names_owners(condition)
        return frozenset((condition.on.value, name) for name in _names(condition)) if names_owners else None
    if isinstance(condition, NoneOf):
        return None
    each = [owners(part) for part in condition.parts]
    known = [pairs for pairs in each if pairs is not None]
    if isinstance(condition, AllOf):
        return narrowest(known)
    return frozenset().union(*known) if len(known) == len(each) else None


def narrowest(choices: Iterable[frozenset[Owner]]) -> frozenset[Owner] | None:
    """Pure rule: of several sets of owners that a condition names, choose the one in which turns wait.

    A user comes before an agent, a run, an app, and then the set with the fewest owners.
    """
    return min(choices, key=_width, default=None)


def _width(choice: frozenset[Owner]) -> tuple[int, int, list[Owner]]:
    return max((OWNERS.index(field) for field, _ in choice), default=0), len(choice), sorted(choice)


def _names_owners(test: Comparison) -> bool:
    return test.on.value in OWNERS and test.op in (Op.EQ, Op.IN)


def _names(test: Comparison) -> frozenset[str]:
    return frozenset(str(value) for value in test.values)
