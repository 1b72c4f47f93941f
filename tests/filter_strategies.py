"""Filters made up by hypothesis: over the values that the seeded memories have, so that many of them find something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

USERS, AGENTS, RUNS = ("ana", "bob", "Ana"), ("bot", "helper"), ("r1", "r2")
CATEGORIES = ("food", "Food", "work", "travel", "пища")
WORDS = ("tea", "Tea", "Straße", "STRASSE", "дом", "Дом", "User", "e\u0301", "é", "東京", "_", "100%", "*")
TIMES = ("2026-01-03", "2026-01-05T12:00:00Z", "2026-01-05T14:00:00.000001+02:00", 1767787200, 1767614400.000001)
SCALARS = ("red", "Red", "RED herring", "", "5", "true", "*", 5, 5.0, -1, 2.5, 0, 2**53 + 1, True, False)
KEYS = ("k", "a.b", "a", "tags", "user_id", "tenant", "k[]", "", "ключ", "with space", "absent")
METADATA_PATHS = (("a", "b"), ("deep", "er", "est"))


def _operators(scalar: st.SearchStrategy[Any], order: bool, look: Sequence[str] = ()) -> st.SearchStrategy[Any]:
    """An object of one to three operators."""
    several = st.lists(scalar, min_size=1, max_size=3)
    table: dict[str, st.SearchStrategy[Any]] = {"eq": scalar, "ne": scalar, "in": several, "nin": several}
    if order:
        table |= dict.fromkeys(("gt", "gte", "lt", "lte"), scalar)
    if look:
        table |= dict.fromkeys(("contains", "icontains"), st.sampled_from(look))
    single = [st.fixed_dictionaries({op: operand}) for op, operand in table.items()]
    return st.one_of(*single, st.tuples(st.one_of(single), st.one_of(single)).map(lambda two: two[0] | two[1]))


def _field(scalar: st.SearchStrategy[Any], order: bool = False, look: Sequence[str] = ()) -> st.SearchStrategy[Any]:
    return st.one_of(scalar, st.just("*"), _operators(scalar, order, look))


def _metadata() -> st.SearchStrategy[Any]:
    scalar = st.sampled_from([scalar for scalar in SCALARS if scalar != "*"])
    numbers = st.sampled_from(
        [scalar for scalar in SCALARS if isinstance(scalar, int | float) and not isinstance(scalar, bool)]
    )
    compared = st.one_of(
        _field(scalar, look=[*WORDS, "r", "R", "red"]),
        st.fixed_dictionaries({"contains": st.sampled_from([5, True, 2.5, "red"])}),
        *(st.fixed_dictionaries({op: numbers}) for op in ("gt", "gte", "lt", "lte")),
    )
    flat = st.dictionaries(st.sampled_from(KEYS), compared, min_size=1, max_size=2)
    deep = st.sampled_from(METADATA_PATHS).flatmap(
        lambda path: compared.map(lambda comparison: _nested(path, comparison))
    )
    return st.one_of(flat, deep)


def _nested(path: Sequence[str], value: Any) -> Any:
    for step in reversed(path):
        value = {step: value}
    return value


def entries(memory_ids: Sequence[str]) -> dict[str, st.SearchStrategy[Any]]:
    """What may stand behind each field."""
    ids, times = st.sampled_from(memory_ids), _field(st.sampled_from(TIMES), order=True)
    texts = st.sampled_from([text for text in WORDS if text != "*"])
    look = st.one_of(*(st.fixed_dictionaries({op: st.sampled_from(WORDS)}) for op in ("contains", "icontains")))
    return {
        "user_id": _field(st.sampled_from(USERS)),
        "agent_id": _field(st.sampled_from(AGENTS)),
        "run_id": _field(st.sampled_from(RUNS)),
        "created_at": times,
        "updated_at": times,
        "timestamp": times,
        "text": _field(texts, look=WORDS),
        "keywords": look,
        "categories": _field(st.sampled_from(CATEGORIES), look=CATEGORIES),
        "metadata": _metadata(),
        "memory_ids": st.one_of(ids, st.lists(ids, min_size=1, max_size=6), _operators(ids, order=False)),
    }


def filters(memory_ids: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Whole filters, with AND, OR and NOT up to four levels deep."""
    table = entries(memory_ids)
    leaf = st.sampled_from(sorted(table)).flatmap(lambda key: st.fixed_dictionaries({key: table[key]}))

    def grouped(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(part, min_size=1, max_size=3)
        groups = {"AND": several, "OR": several, "NOT": st.one_of(part, several)}
        alone = [st.fixed_dictionaries({name: body}) for name, body in groups.items()]
        beside = st.tuples(part, st.one_of(alone), st.one_of(alone)).map(lambda all_: all_[0] | all_[1] | all_[2])
        return st.one_of(*alone, beside)

    return st.one_of(leaf, grouped(st.one_of(leaf, grouped(leaf))))
