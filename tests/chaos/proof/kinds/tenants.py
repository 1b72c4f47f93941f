"""15. One tenant seen through another's numbers: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_SCORES = "tests/contract/test_scores.py::test_"

MUTATIONS: tuple[Mutation, ...] = (
    _one(15, "How rare a word is is counted over the memories of all owners.",
         f"{_SCORES}what_others_say_a_hundred_times_changes_no_score",
         "scrubjay/adapters/qdrant/ranking.py", "corpus=selectors.within(query.scope)", "corpus=models.Filter()"),
    _one(15, "How rare a word is is counted over what a filter lets through.",
         f"{_SCORES}a_filter_or_a_past_moment_leaves_out_memories_and_changes_no_score_of_the_others",
         "scrubjay/adapters/qdrant/ranking.py", "corpus=selectors.within(query.scope)", "corpus=within"),
)  # fmt: skip
