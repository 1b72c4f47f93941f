"""12. Work that a caller can make large: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_LARGE = "tests/integration/test_large_erases.py::test_"
_TRUE = "tests/integration/test_true_receipts.py::test_"

MUTATIONS: tuple[Mutation, ...] = (
    _one(12, "An erase goes through all that waits in one step.",
         f"{_LARGE}no_step_of_an_erase_grows_with_what_is_stored",
         "memory/adapters/redis_erasing.py", "_TURNS_AT_ONCE = 200", "_TURNS_AT_ONCE = 100_000"),
    _one(12, "Only the first step of an erase looks at the token.",
         f"{_LARGE}each_step_of_an_erase_looks_at_the_token_again",
         f"{_LUA}/erase.lua", "if redis.call('GET', lease) ~= ARGV[1] then return {} end", ""),
    _one(12, "Nobody looks at the end of an erase whether it has held its lanes all the time.",
         f"{_LARGE}an_erase_whose_lane_was_lost_after_its_last_step_begins_again",
         "memory/forget.py", "await hold.check()", "pass"),
    _one(12, "The leases of an erase are not renewed.",
         f"{_LARGE}the_leases_of_many_lanes_outlive_any_one_lease",
         "memory/adapters/redis_held_lanes.py", "asyncio.create_task(lanes.beat())",
         "asyncio.create_task(asyncio.sleep(0))"),
    _one(12, "An erase takes a lane from another erase.",
         f"{_LARGE}a_lane_in_which_another_erase_is_is_not_taken_from_it",
         f"{_LUA}/seize.lua", "if other and is_held", "if false and is_held"),
    _one(12, "What an erase did before it began again is not counted.",
         f"{_LARGE}an_erase_that_loses_its_lane_begins_again_and_counts_everything_once",
         "memory/forget.py", "self.turns.update(step.turns)", "self.turns = Counter(step.turns)"),
    _one(12, "A receipt says of any owner that it was known.",
         f"{_TRUE}an_erase_of_an_owner_who_was_never_seen_says_so",
         "memory/forget.py", "known=scope in dict(await lanes.epochs(scope))", "known=True"),
    _one(12, "What is newer than the epoch is not counted among what is left.",
         f"{_TRUE}what_is_left_counts_versions_that_are_newer_than_the_epoch",
         "memory/forget.py", "left.versions + newer", "left.versions"),
)  # fmt: skip
