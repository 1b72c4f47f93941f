"""18. Turns that harm their lane: lost ones and poison. What is taken out, and which test must notice."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_LOST = "tests/contract/test_lost_turns.py::test_"
_COUNTED = f"{_LOST}lost_turns_are_counted_and_logged_once_and_the_others_settle_in_their_order"
_PARTLY = f"{_LOST}a_turn_of_which_a_part_of_the_hash_is_left_is_lost_as_well"
_WORKED_ON = f"{_LOST}a_turn_lost_while_its_batch_is_worked_on_stops_no_step"
_RESTS = f"{_LOST}a_lane_whose_step_redis_refuses_rests_for_longer_each_time_and_spins_for_nobody"

MUTATIONS: tuple[Mutation, ...] = (
    _one(18, "A turn whose hash is gone leaves its lane uncounted.", _COUNTED,
         f"{_LUA}/_lost.lua", "redis.call('HINCRBY', keys.ledger, 'lost', #lost)", ""),
    _one(18, "A turn of which a part of the hash is left is taken.", _PARTLY,
         f"{_LUA}/_lost.lua", " and redis.call('HEXISTS', turn, 'body') == 1", ""),
    _one(18, "A turn that is postponed is written down though its hash is gone.", _WORKED_ON,
         f"{_LUA}/postpone.lua", "if stamp then", "stamp = stamp or 0 if true then"),
    _one(18, "A lane whose step Redis refuses rings at once.", _RESTS,
         "scrubjay/adapters/redis/lanes.py", "isinstance(error, InboxRefused)", "False"),
)  # fmt: skip
