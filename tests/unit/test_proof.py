"""The proof of the invariants cannot rot: what it takes out is still there, and its tests exist."""

from __future__ import annotations

import pytest

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutations import MUTATIONS
from tests.chaos.proof.tree import ROOT, replaced


def test_every_invariant_and_kind_of_fault_has_a_mechanism_that_is_taken_out() -> None:
    assert {mutation.invariant for mutation in MUTATIONS} == set(range(1, 23))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_what_is_taken_out_stands_exactly_once_in_its_file(mutation: Mutation) -> None:
    for edit in mutation.edits:
        assert replaced((ROOT / edit.file).read_text(), edit) != (ROOT / edit.file).read_text()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_the_test_that_must_notice_exists(mutation: Mutation) -> None:
    file, _, name = mutation.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()
