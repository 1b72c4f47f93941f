"""19. One tenant holds up no other: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_BACKLOG = "tests/contract/test_backlog_limits.py::test_"
_REMOVALS = "tests/integration/test_removals.py::test_"
_ROOM = f"{_BACKLOG}a_turn_that_no_longer_waits_makes_room_however_it_ended"
_MINUS = "redis.call('HINCRBY', ledger, 'waiting', -"

MUTATIONS: tuple[Mutation, ...] = (
    _one(19, "A tenant may fill the backlog of all.",
         f"{_BACKLOG}a_tenant_at_its_limit_is_refused_and_others_are_accepted",
         f"{_LUA}/accept.lua", "if is_tenant_full(ledger, tenants, most_among_others, most_alone)", "if false"),
    _one(19, "A tenant beside others may fill the backlog where no limit is set.",
         f"{_BACKLOG}without_a_setting_the_only_tenant_may_fill_the_backlog_and_one_beside_others_a_fifth",
         f"{_LUA}/_tenant_limit.lua", "redis.call('SCARD', tenants) > 1", "false"),
    _one(19, "The only tenant may fill no more than one beside others.",
         f"{_BACKLOG}without_a_setting_the_only_tenant_may_fill_the_backlog_and_one_beside_others_a_fifth",
         f"{_LUA}/_tenant_limit.lua", "redis.call('SCARD', tenants) > 1", "true"),
    *(_one(19, f"A turn goes on counting as one that waits: {script}.", _ROOM, f"{_LUA}/{script}.lua",
           f"{_MINUS}{count})", "") for script, count in
      (("settle", "1"), ("fail", "1"), ("take", "1"), ("erase", "waited"))),
    _one(19, "A replay knows no limit.",
         f"{_BACKLOG}a_replay_of_more_than_fits_replays_the_oldest_and_goes_on_when_it_is_asked_again",
         f"{_LUA}/revive.lua", "if is_replay == '1' then", "if false then"),
    _one(19, "A replay ends at the first lane that is full.",
         f"{_BACKLOG}a_lane_that_is_full_keeps_its_own_dead_turns_back_and_no_others",
         "scrubjay/adapters/redis/dead_letters.py",
         "any(limit != LANE_FULL for limit in self.limits)", "bool(self.limits)"),
    _one(19, "A replayed turn passes one before it that was refused.",
         f"{_BACKLOG}a_dead_turn_is_not_passed_by_one_behind_it_for_which_room_comes_in_between",
         f"{_LUA}/revive.lua", "redis.call('HGET', turn_before, 'status') == 'dead'", "false"),
    _one(19, "A key without a limit of its own has none.",
         "tests/integration/test_keys.py::test_"
         "a_key_without_a_limit_of_its_own_has_the_servers_and_the_operator_none",
         "scrubjay/settings.py", "rate_limit_per_minute: int = Field(6_000, ge=0)",
         "rate_limit_per_minute: int = Field(60_000, ge=0)"),
    _one(19, "A client asks again before the time that a 429 names.",
         "tests/unit/test_client.py::test_nobody_is_asked_again_before_the_time_that_a_refusal_names",
         "scrubjay/client/wire.py", "None if (pause_seconds or 0) > self._patience_seconds else pause_seconds or pause",
         "min(pause, pause_seconds or pause)"),
    _one(19, "A removal that fails is tried again at once.",
         f"{_REMOVALS}a_removal_that_fails_or_never_ends_is_put_back_and_the_others_are_done",
         "scrubjay/erase/removals.py", "pause = await services.removal_notes.put_back(name)", "pause = 0"),
    _one(19, "The first removal that fails ends the round.",
         f"{_REMOVALS}a_removal_that_fails_or_never_ends_is_put_back_and_the_others_are_done",
         "scrubjay/erase/removals.py", "if len(away) == len(failures):", "if any(failures):"),
    _one(19, "One removal for which the store is away ends the round.",
         f"{_REMOVALS}a_removal_that_fails_or_never_ends_is_put_back_and_the_others_are_done",
         "scrubjay/erase/removals.py", "if len(away) == len(failures):", "if away:"),
    _one(19, "The pause before a removal is tried again does not grow.",
         f"{_REMOVALS}the_pause_doubles_up_to_ten_minutes",
         f"{_LUA}/put_back.lua", "2 ^ math.min(failures - 1, 20)", "1"),
    _one(19, "Every process repeats the same removals.",
         f"{_REMOVALS}what_one_process_repeats_no_other_repeats_meanwhile",
         f"{_LUA}/removals_due.lua", "redis.call('ZADD', removals, now_ms + claim_ms, removal)", ""),
    _one(19, "The sweep waits for the removals.",
         f"{_REMOVALS}a_removal_that_never_ends_keeps_no_lane_from_being_rung_for",
         "scrubjay/ingest/sweep.py", 'await attempted("sweep", services.sweeper.sweep())',
         "await asyncio.gather(removing, return_exceptions=True)"),
    _one(19, "One tenant's names may take all places of a process.",
         "tests/unit/test_webhook_sender.py::test_"
         "tenants_whose_names_are_never_answered_take_no_place_from_another",
         "scrubjay/adapters/http/resolver.py", "Places(_MOST_AT_ONCE, _MOST_OF_A_TENANT)",
         "Places(_MOST_AT_ONCE, _MOST_AT_ONCE)"),
    _one(19, "One tenant's webhooks may take all places of a worker.",
         "tests/unit/test_places.py::test_"
         "tenants_whose_webhooks_are_slow_take_no_place_of_a_worker_from_another",
         "scrubjay/webhooks/delivery.py", "Places(_RUNS_AT_ONCE, _RUNS_OF_A_TENANT)",
         "Places(_RUNS_AT_ONCE, _RUNS_AT_ONCE)"),
)  # fmt: skip
