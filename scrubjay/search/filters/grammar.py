"""From a JSON value that nobody has checked to a condition, or to one sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scrubjay.model import LONGEST_ID
from scrubjay.model.filters import AllOf, AnyOf, Comparison, Condition, NoneOf, On, Op, Operand
from scrubjay.search.filters import values
from scrubjay.search.filters.values import WILDCARD, refused, shown

DEEPEST = 8
MOST_CONDITIONS = 100
MOST_VALUES = 200
MOST_VALUES_TOGETHER = 1_000
DEEPEST_METADATA = 5
_UNQUOTABLE = '"\\'  # Qdrant's paths know no escape for these

_Reader = Callable[[Any, str], Operand]
_ONE_OF = (Op.EQ, Op.NE, Op.IN, Op.NIN)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE)
_PARTS = (Op.CONTAINS, Op.ICONTAINS)
_GROUPS = ("AND", "OR", "NOT")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What may be said of a field.

    Args:
        readers: the operators that it takes, each with the reader of its value.
        bare: the operator that a value on its own means.
        listed: the operator that a list on its own means, if it may stand there.
        may_be_unset: whether `*` says anything.
    """

    readers: Mapping[Op, _Reader]
    bare: Op | None = Op.EQ
    listed: Op | None = None
    may_be_unset: bool = True


_ID = _Kind(dict.fromkeys(_ONE_OF, values.owner))
_TIME = _Kind(dict.fromkeys((*_ONE_OF, *_ORDER), values.moment))
_LOOK = dict.fromkeys(_PARTS, values.some_text)
_METADATA = _Kind(
    {
        **dict.fromkeys(_ONE_OF, values.scalar),
        **dict.fromkeys(_ORDER, values.number),
        Op.CONTAINS: values.sought,
        Op.ICONTAINS: values.some_text,
    }
)
_KINDS: Mapping[On, _Kind] = {
    On.USER_ID: _ID,
    On.AGENT_ID: _ID,
    On.RUN_ID: _ID,
    On.APP_ID: _ID,
    On.CREATED_AT: _TIME,
    On.UPDATED_AT: _TIME,
    On.TIMESTAMP: _TIME,
    On.TEXT: _Kind({**dict.fromkeys(_ONE_OF, values.text), **_LOOK}),
    On.KEYWORDS: _Kind(_LOOK, bare=None, may_be_unset=False),
    On.CATEGORIES: _Kind({**dict.fromkeys(_ONE_OF, values.text), **_LOOK}),
    On.MEMORY_IDS: _Kind(dict.fromkeys(_ONE_OF, values.name), listed=Op.IN, may_be_unset=False),
}
_KEYS = ", ".join((*_GROUPS, *(field.value for field in On)))


def parse(value: Any) -> Condition | None:
    """The condition that a filter stands for; None where it asks for nothing (null, or an empty object).

    Raises BadRequest, whose sentence names the key, the operator or the value that is wrong, and what would be right.
    """
    return None if value is None or value == {} else _Reading().group(value, "a filter", 1)


class _Reading:
    """Reads one filter, and counts."""

    def __init__(self) -> None:
        self._conditions = 0
        self._values = 0

    def group(self, filter_object: Any, what: str, depth: int) -> Condition:
        """An object: everything in it must hold."""
        if not isinstance(filter_object, dict):
            raise refused(f"{what} must be an object, not {shown(filter_object)}")
        if not filter_object:
            raise refused(f"{what} must not be an empty object")
        if depth > DEEPEST:
            raise refused(f"AND, OR and NOT must not be nested deeper than {DEEPEST} levels")
        return _all([self._entry(key, value, depth) for key, value in filter_object.items()])

    def _entry(self, key: str, value: Any, depth: int) -> Condition:
        if key in _GROUPS:
            return self._several(key, value, depth + 1)
        if key == On.METADATA:
            return self._metadata(value, ())
        if key not in list(On):
            raise refused(f"{shown(key)} is not known here; there are {_KEYS}")
        return self._field(On(key), _KINDS[On(key)], value, key)

    def _several(self, key: str, value: Any, depth: int) -> Condition:
        if key == "NOT" and isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            takes = "an object or a list of objects" if key == "NOT" else "a list of objects"
            raise refused(f"{key} takes {takes}, not {shown(value)}")
        if not value:
            raise refused(f"{key} must not be empty")
        parts = tuple(self.group(part, f"each part of {key}", depth) for part in value)
        if key == "NOT":
            return NoneOf(parts=parts)
        return _all(list(parts)) if key == "AND" else AnyOf(parts=parts)

    def _metadata(self, conditions: Any, path: tuple[str, ...]) -> Condition:
        what = ".".join(("metadata", *path))
        if not isinstance(conditions, dict) or not conditions:
            raise refused(f'{what} takes an object such as {{"key": value}}, not {shown(conditions)}')
        if len(path) >= DEEPEST_METADATA:
            raise refused(f"metadata must not be nested deeper than {DEEPEST_METADATA} levels")
        return _all([self._inside(value, (*path, _key(key)), f"{what}.{key}") for key, value in conditions.items()])

    def _inside(self, value: Any, path: tuple[str, ...], what: str) -> Condition:
        """What is said of one key in metadata: an object without operators leads further in."""
        leads_on = isinstance(value, dict) and value and not any(key in list(Op) for key in value)
        return self._metadata(value, path) if leads_on else self._field(On.METADATA, _METADATA, value, what, path)

    def _field(self, on: On, kind: _Kind, value: Any, what: str, path: tuple[str, ...] = ()) -> Condition:
        if isinstance(value, dict):
            if not value:
                raise refused(f"{_brief(what)} takes a value or an object of operators, not {{}}")
            tests = [
                self._test(on, kind, _operator(kind, op, what), operand, what, path) for op, operand in value.items()
            ]
            return _all(tests)
        if kind.may_be_unset and (value == WILDCARD or (kind is _ID and values.is_wildcard(value))):
            return self._counted(Comparison(on=on, op=Op.IS_SET, path=path))
        if isinstance(value, list):
            if kind.listed is None:
                raise refused(f'{_brief(what)} does not take a list; say {{"in": […]}}')
            return self._test(on, kind, kind.listed, value, what, path)
        if kind.bare is None:
            raise refused(f"{_brief(what)} takes one of {_operators(kind)}, not {shown(value)}")
        return self._test(on, kind, kind.bare, value, what, path)

    def _test(self, on: On, kind: _Kind, op: Op, operand: Any, what: str, path: tuple[str, ...]) -> Condition:
        label, read = f"{_brief(what)}: {op}", kind.readers[op]
        if op not in (Op.IN, Op.NIN):
            return self._counted(Comparison(on=on, op=op, values=(read(operand, label),), path=path))
        if not isinstance(operand, list) or not operand:
            raise refused(f"{label} takes a list that is not empty, not {shown(operand)}")
        if len(operand) > MOST_VALUES:
            raise refused(f"{label} takes at most {MOST_VALUES} values")
        self._values += len(operand)
        if self._values > MOST_VALUES_TOGETHER:
            raise refused(f"all lists together must not have more than {MOST_VALUES_TOGETHER} values")
        return self._counted(Comparison(on=on, op=op, values=tuple(read(item, label) for item in operand), path=path))

    def _counted(self, test: Comparison) -> Comparison:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise refused(f"there must not be more than {MOST_CONDITIONS} conditions")
        return test


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))


def _operator(kind: _Kind, spelling: str, what: str) -> Op:
    if spelling not in list(Op) or Op(spelling) not in kind.readers:
        raise refused(f"{_brief(what)} does not take {shown(spelling)}; it takes {_operators(kind)}")
    return Op(spelling)


def _operators(kind: _Kind) -> str:
    return ", ".join(kind.readers)


def _key(key: str) -> str:
    """Read a key of metadata in a filter of our public grammar.

    Raises BadRequest unless it can be stored, and quoted in a path, so that it names this key and nothing else.
    """
    if any(char in key for char in _UNQUOTABLE):
        raise refused(f"metadata: the key {shown(key)} holds a quote or a backslash, which cannot be filtered on")
    return values.text(key, "a key of metadata", LONGEST_ID)


def _brief(what: str) -> str:
    """The name of a filter's field for the sentence that refuses the filter, escaped and cut: keys of metadata may be
    long, and hold anything.
    """
    return shown(what)[1:-1]
