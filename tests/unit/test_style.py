"""The counts of `python -m tests.style`: each rule sees what breaks it, and lets pass what does not."""

from __future__ import annotations

import ast

import pytest

from tests.style import names, shapes
from tests.style.__main__ import MOST, breaches


def test_the_tree_keeps_the_rules_of_names_and_shapes() -> None:
    counts = {rule: len(places) for rule, places in breaches().items()}
    assert {rule: count for rule, count in counts.items() if count > MOST[rule]} == {}


@pytest.mark.parametrize(
    "code",
    [
        "found = 1",
        "def f(told): ...",
        "for one in []: ...",
        "[1 for one in []]",
        "with f() as held: ...",
        "if (said := 1): ...",
        "class A:\n    given: int = 1",
        "self.asked = 1",
        "try: ...\nexcept E as named: ...",
        "lambda found: 1",
        "a, (found, b) = 1, (2, 3)",
        "match x:\n    case [found]: ...",
    ],
)
def test_a_vague_name_is_seen_wherever_it_is_bound(code: str) -> None:
    assert len(names.vague(ast.parse(code))) == 1


def test_a_vague_word_in_a_longer_name_or_as_a_use_is_none() -> None:
    assert names.vague(ast.parse("found_ids = f(one.told, given=2)\ndef found(): ...")) == []


@pytest.mark.parametrize(
    "code",
    ["bell = 1", "_MOST_WORDS = 1", "class Keeper: ...", "def untell(): ...", "self._books = 1", "import x as letters"],
)
def test_a_retired_word_is_seen_as_a_part_of_any_name(code: str) -> None:
    assert len(names.retired(ast.parse(code))) == 1


def test_dead_letters_and_longer_words_are_not_retired() -> None:
    code = "dead_letters = password = 1\nclass DeadLetters: ...\nDEAD_LETTERS_A_PAGE = keyword = 2"
    assert names.retired(ast.parse(code)) == []


@pytest.mark.parametrize("returns", ["", " -> Any", " -> dict[str, Any]", " -> list[dict[str, str]]"])
def test_a_route_without_a_model_is_seen(returns: str) -> None:
    assert len(shapes.untyped_routes(ast.parse(f"@router.get('/x')\nasync def f(){returns}: ..."))) == 1


@pytest.mark.parametrize("code", ["@router.get('/x')\nasync def f() -> Page[Memory]: ...", "def f() -> Any: ..."])
def test_a_typed_route_and_what_is_no_route_are_let_pass(code: str) -> None:
    assert shapes.untyped_routes(ast.parse(code)) == []


def test_six_parameters_are_too_many_for_what_is_public() -> None:
    code = "def f(a, b, c, *, d, e, g): ...\nclass A:\n    def g(self, a, b, c, d, e, f): ...\n    def h(self, a): ..."
    assert len(shapes.wide_functions(ast.parse(code))) == 2
    assert shapes.wide_functions(ast.parse("def _f(a, b, c, d, e, g): ...\ndef f(a, b, c, d, e): ...")) == []


def test_a_class_derives_from_values_contracts_errors_and_enumerations_of_ours_only() -> None:
    ours = ast.parse(
        "class Value(BaseModel): ...\nclass Port(Protocol): ...\nclass Failure(Exception): ...\nclass Part: ...\n"
        "class A(Value): ...\nclass B(Port): ...\nclass C(Failure): ...\nclass D(x.Part): ...\nclass E(A, D): ..."
    )
    places = shapes.derived_classes({"a.py": ours})["a.py"]
    assert [place.what for place in places] == ["D derives from Part", "E derives from D"]
