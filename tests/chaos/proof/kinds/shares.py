"""18. One tenant holds up no other: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_BACKLOG = "tests/contract/test_backlog_limits.py::test_"
_ROOM = f"{_BACKLOG}a_turn_that_no_longer_waits_makes_room_however_it_ended"
_MINUS = "redis.call('HINCRBY', ledger, 'waiting', -"

MUTATIONS: tuple[Mutation, ...] = (
    _one(18, "A tenant may fill the backlog of all.",
         f"{_BACKLOG}a_tenant_at_its_limit_is_refused_and_others_are_accepted",
         f"{_LUA}/accept.lua", "if is_tenant_full(ledger, tenants, ARGV[14], ARGV[15])", "if false"),
    _one(18, "A tenant beside others may fill the backlog where no limit is set.",
         f"{_BACKLOG}without_a_setting_the_only_tenant_may_fill_the_backlog_and_one_beside_others_a_fifth",
         f"{_LUA}/_tenant_limit.lua", "redis.call('SCARD', tenants) > 1", "false"),
    _one(18, "The only tenant may fill no more than one beside others.",
         f"{_BACKLOG}without_a_setting_the_only_tenant_may_fill_the_backlog_and_one_beside_others_a_fifth",
         f"{_LUA}/_tenant_limit.lua", "redis.call('SCARD', tenants) > 1", "true"),
    *(_one(18, f"A turn goes on counting as one that waits: {script}.", _ROOM, f"{_LUA}/{script}.lua",
           f"{_MINUS}{count})", "") for script, count in
      (("settle", "1"), ("fail", "1"), ("take", "1"), ("erase", "waited"))),
)  # fmt: skip
