"""Unicode's forms of a text are what Python makes of it, without sorting that takes the square of its length."""

from __future__ import annotations

import ast
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.adapters.qdrant.casefold import fold
from scrubjay.ingest.quotes import Quotable
from scrubjay.ingest.reconciliation import RuleReconciler
from scrubjay.model import Fact
from scrubjay.model.scope import owner_id
from scrubjay.model.unicode_normalization import Form, normalized
from scrubjay.safety.injection import reads_like_an_instruction

HOME = Path(__file__).parents[2]
MARKS = 2_000  # of each kind, enough for some million moves
MOST_MOVES_A_CHARACTER = 50
# The last two kinds are no marks by their class, and become marks when they are taken apart.
WRONG_ORDERS = {
    "marks": "\u0301" * MARKS + "\u0327" * MARKS,
    "Tibetan vowels": "\u0f81" * MARKS,
    "halfwidth voicing": "\u0301" * MARKS + "\uff9e" * MARKS,
}
FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")
# What these are made of holds a mark.
CURIOUS = [
    char for char in map(chr, range(0x110000)) if any(map(unicodedata.combining, unicodedata.normalize("NFKD", char)))
]
CHARACTERS = st.sampled_from(CURIOUS) | st.sampled_from("aeoK \u0f71\u0f81\uff9e\u0345\u1100\u1161\u11a8\u212b")
MARKED = [char for char in CURIOUS if unicodedata.combining(unicodedata.normalize("NFKD", char)[0])]
RUNS = st.tuples(st.sampled_from(MARKED), st.integers(1, 40)).map(lambda part: part[0] * part[1])
LONG_RUNS = st.lists(RUNS, max_size=4).map("".join)
TEXTS = st.lists(st.text(CHARACTERS, max_size=8) | LONG_RUNS | st.text(max_size=3), max_size=4).map("".join)


def moves(form: Form, text: str) -> int:
    """How often Python moves a mark to its place: once for each mark of a higher class that is before it."""
    form = "NFKD" if "K" in form else "NFD"
    apart = "".join(unicodedata.normalize(form, char) for char in text)
    total = 0
    for is_run, run in groupby(map(unicodedata.combining, apart), bool):
        before = Counter[int]()
        for order in run if is_run else ():
            total += sum(times for other, times in before.items() if other > order)
            before[order] += 1
    return total


def reconciled(text: str) -> Any:
    fact = Fact(turn_id="t", text=text, category="personal", quote="q")
    return RuleReconciler(0.9).decide([fact], [[]])


@pytest.mark.parametrize("order", WRONG_ORDERS)
@pytest.mark.parametrize(
    "work",
    [
        pytest.param(reads_like_an_instruction, id="marking"),
        pytest.param(lambda text: Quotable([text]).find(text), id="quotes"),
        pytest.param(fold, id="folding"),
        pytest.param(reconciled, id="reconciling"),
        pytest.param(lambda text: owner_id(text[MARKS - 128 :][:256]), id="an id"),
        *[pytest.param(lambda text, form=form: normalized(form, text), id=form) for form in FORMS],
    ],
)
def test_marks_reach_the_library_in_their_order(
    work: Callable[[str], Any], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, made, characters = unicodedata.normalize, 0, 0

    def counted(form: Form, text: str) -> str:
        nonlocal made, characters
        made += moves(form, text) if len(text) > 1 else 0
        characters += len(text)
        return library(form, text)

    monkeypatch.setattr("unicodedata.normalize", counted)
    work("a" + WRONG_ORDERS[order])
    assert characters > 0
    assert made <= MOST_MOVES_A_CHARACTER * characters


@given(st.sampled_from(FORMS), TEXTS)
def test_a_form_is_what_the_library_makes_of_the_text(form: Form, text: str) -> None:
    assert normalized(form, text) == unicodedata.normalize(form, text)
    assert normalized(form, text.casefold()) == unicodedata.normalize(form, text.casefold())


def test_every_character_that_becomes_a_mark_keeps_its_place_among_others() -> None:
    for char in CURIOUS:
        text = f"a{char}" + "\u0301" * 40 + char + "\u0327" + char
        assert [normalized(form, text) for form in FORMS] == [unicodedata.normalize(form, text) for form in FORMS]


def test_nobody_else_normalizes() -> None:
    """Any other call could be handed a long run of marks."""
    callers = set()
    for path in [path for room in ("api", "scrubjay", "worker") for path in (HOME / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            is_method = isinstance(node, ast.Attribute) and node.attr == "normalize"
            is_import = isinstance(node, ast.ImportFrom) and "normalize" in {name.name for name in node.names}
            if is_method or is_import:
                callers.add(path.relative_to(HOME).as_posix())
    assert callers == {"scrubjay/model/unicode_normalization.py"}
