"""21. Every surface answers Mem0's users alike: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

MUTATIONS: tuple[Mutation, ...] = (
    _one(21, "A turn that is retried is PENDING.",
         "tests/mem0/test_surfaces.py::test_every_status_has_the_same_name_over_http_and_mcp",
         "scrubjay/mem0/events.py", 'Status.RETRYING: "RUNNING"', 'Status.RETRYING: "PENDING"'),
    _one(21, "Mem0's other name of a run is not understood.",
         "tests/unit/test_library_arguments.py::test_mem0_s_filters_are_read_in_our_grammar",
         "scrubjay/mem0/filters.py", ', "session_id": "run_id"', ""),
)  # fmt: skip
