"""Words of statements: what a merged wording keeps, and whose words it has."""

from __future__ import annotations

import pytest

from scrubjay.ingest.wording import adds_to, carries


@pytest.mark.parametrize(
    ("merged", "known", "new", "adds"),
    [
        ("Likes tea and coffee", "Likes tea", "Likes coffee", True),
        ("Plays tennis on Mondays with Bob", "Plays tennis on Mondays", "Plays tennis with Bob", True),
        ("The user lives in Rome.", "The user lives in Berlin.", "User's city: Rome", False),
        ("Lives in Rome with her dog Rex", "Lives in Berlin with her dog Rex", "Lives in Rome now", False),
        ("Likes tea", "Likes tea", "Likes tea a lot", False),
        ("\u8336\u3068\u72ac\u304c\u597d\u304d", "\u8336\u304c\u597d\u304d", "\u72ac\u304c\u597d\u304d", True),
        ("\u4eac\u90fd\u306b\u4f4f\u3080", "\u6771\u4eac\u306b\u4f4f\u3080", "\u4eac\u90fd\u306b\u4f4f\u3080", False),
    ],
)
def test_a_wording_adds_to_a_statement_where_it_keeps_all_that_only_that_tells(
    merged: str, known: str, new: str, adds: bool
) -> None:
    assert adds_to(merged, known, new) is adds


@pytest.mark.parametrize(
    ("merged", "others", "own", "has"),
    [
        ("Has a brown dog named Rex", ["A cat named Tom"], ["Has a dog Rex", "Rex is brown"], False),
        ("Has a dog Rex and a cat Tom", ["A cat named Tom"], ["Has a dog Rex", "Rex is brown"], True),
        ("Earns 90,000 a year", ["Was paid 90,000"], ["Earns a salary a year", "Got a raise"], True),
        ("Takes medicine daily for diabetes", ["Has diabetes"], ["Takes medicine", "Daily now"], True),
        ("Takes pills for hiv", ["Has hiv"], ["Takes pills", "Daily now"], True),
        ("Rex is a brown pet", ["Has a dog named Rex"], ["Has a pet", "It is brown"], True),
        ("\u8336\u3068\u72ac\u304c\u597d\u304d", ["\u72ac\u304c\u3044\u308b"], ["\u8336\u304c\u597d\u304d"], True),
    ],
)
def test_a_wording_has_others_words_where_one_that_tells_of_something_is_theirs_alone(
    merged: str, others: list[str], own: list[str], has: bool
) -> None:
    assert carries(merged, others, own) is has
