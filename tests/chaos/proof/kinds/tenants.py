"""15. One tenant seen through another's numbers, or kept waiting by it: what is taken out, and which test notices."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA, Mutation
from tests.chaos.proof.mutation import one as _one

_SCORES = "tests/contract/test_scores.py::test_"
_TURNS = "tests/contract/test_turns_of_tenants.py::test_"
_WAKEUPS = "tests/contract/test_wakeups.py::test_"
_SLOTS = "tests/unit/test_lane_slots.py::test_"
_DELIVERIES = "tests/contract/test_deliveries.py::test_"

MUTATIONS: tuple[Mutation, ...] = (
    _one(15, "How rare a word is is counted over the memories of all owners.",
         f"{_SCORES}what_others_say_a_hundred_times_changes_no_score",
         "scrubjay/adapters/qdrant/ranking.py", "corpus=selectors.within(query.scope)", "corpus=models.Filter()"),
    _one(15, "How rare a word is is counted over what a filter lets through.",
         f"{_SCORES}a_filter_or_a_past_moment_leaves_out_memories_and_changes_no_score_of_the_others",
         "scrubjay/adapters/qdrant/ranking.py", "corpus=selectors.within(query.scope)", "corpus=within"),
    _one(15, "Whoever had a turn is next again.",
         f"{_TURNS}tenants_take_turns_however_many_lanes_each_has",
         f"{LUA}/claim.lua", "    charge(tenant, time)\n", ""),
    _one(15, "A tenant that comes back is owed all that it missed.",
         f"{_TURNS}who_was_away_is_next_and_earns_nothing_by_it",
         f"{LUA}/_ready.lua", "'NX', virtual_time(tenant), tenant)", "'NX', 0, tenant)"),
    _one(15, "A tenant that has just had a turn forgets it when it comes back.",
         f"{_TURNS}who_has_just_had_a_turn_and_comes_back_is_behind_the_others",
         f"{LUA}/_ready.lua", "math.max(tonumber(least), tonumber(redis.call('ZSCORE', SERVED, tenant) or '0'))",
         "tonumber(least)"),
    _one(15, "A tenant that a process leaves out is owed what the others had.",
         f"{_TURNS}a_tenant_that_is_left_out_is_passed_over_and_earns_nothing_by_it",
         f"{LUA}/claim.lua", "redis.call('ZADD', READY_TENANTS, 'XX', 'GT', time, other)", ""),
    _one(15, "Further batches of a holder cost its tenant nothing.",
         f"{_TURNS}each_further_batch_of_a_holder_counts_for_its_tenant",
         f"{LUA}/take.lua", "pay(lane_name, lane, token)", ""),
    _one(15, "The sweep makes nothing ready while many messages wait.",
         f"{_TURNS}beside_thousands_of_lanes_one_whose_pause_has_ended_is_next_after_a_sweep",
         "scrubjay/adapters/redis/sweeper.py", '        await attempted("wake", self._wake())',
         '        if await self._redis.llen(self._wakeups.queue) < MOST_MESSAGES:\n'
         '            await attempted("wake", self._wake())'),
    _one(15, "A lane that the sweep finds is due since then only.",
         f"{_TURNS}a_lane_that_the_sweep_finds_comes_before_those_that_were_due_later",
         f"{LUA}/wake.lua", "make_ready(lane, tonumber(due[i + 1]))", "make_ready(lane, now_ms)"),
    _one(15, "A lane that somebody works on stands among those that are ready.",
         "tests/contract/test_random_walk.py::"
         "test_whatever_happens_in_whatever_order_every_promise_of_the_inbox_holds",
         f"{LUA}/_holding.lua", "  look_at(lane, clock.monotonic_ms + lease_ms)\n", ""),
    _one(15, "A lane that is ready is not found again where a key was lost.",
         f"{_TURNS}a_lane_that_is_ready_is_claimed_though_a_key_was_lost",
         f"{LUA}/wake.lua", "do make_ready(oldest[i], oldest[i + 1] - READY) end", "do end"),
    _one(15, "As many messages wait as lanes are ready.",
         f"{_WAKEUPS}few_messages_wait_however_many_lanes_are_ready",
         f"{LUA}/_ready.lua", "math.min(ready - length, most - length, #messages)",
         "math.min(ready - length, #messages)"),
    _one(15, "Messages for webhooks stand in for those that lanes need.",
         f"{_WAKEUPS}a_message_for_a_webhook_in_the_queue_does_not_stand_in_for_one_that_a_lane_needs",
         f"{LUA}/_ready.lua", "    missing = 1\n", ""),
    _one(15, "A message for a webhook waits behind those for lanes.",
         f"{_DELIVERIES}a_message_for_a_webhook_is_heard_before_those_for_lanes_that_wait",
         f"{LUA}/hook_send_wakeup.lua", "redis.call('RPUSH', queue, message)", "redis.call('LPUSH', queue, message)"),
    _one(15, "Webhooks at which somebody is hide those that are due.",
         f"{_DELIVERIES}webhooks_that_somebody_is_at_do_not_hide_one_that_is_due_from_the_sweep",
         "scrubjay/adapters/redis/webhooks/wakeups.py", "_AT_ONCE, _MOST_LOOKED_AT = 100, 1_000",
         "_AT_ONCE, _MOST_LOOKED_AT = 100, 100"),
    _one(15, "A drain keeps its lane though lanes of others are ready.",
         "tests/integration/test_remember.py::"
         "test_beside_a_ready_lane_of_another_tenant_a_drain_gives_its_lane_back_after_one_batch",
         "scrubjay/ingest/drain.py", "            if batch.others_wait:\n", "            if False:\n"),
    _one(15, "A process takes on lanes of one tenant without end beside others.",
         f"{_SLOTS}beside_others_a_tenant_with_more_than_its_share_waits_at_the_limit_and_the_others_get_in",
         "worker/lane_slots.py", "return above if is_full else ()", "return ()"),
    _one(15, "A tenant with a few lanes waits behind one with many.",
         f"{_SLOTS}beside_others_a_tenant_with_more_than_its_share_waits_at_the_limit_and_the_others_get_in",
         "worker/lane_slots.py", "for tenant in self._at_work if self._begun_by_tenant[tenant] >= share]",
         "for tenant in self._at_work]"),
    _one(15, "A process takes on more lanes though its loop computes all the time.",
         f"{_SLOTS}a_loop_that_is_kept_busy_lowers_the_limit_while_there_are_several_tenants",
         "worker/lane_slots.py", "self.share > _BUSY_SHARE or self.late_seconds", "self.late_seconds"),
    _one(15, "A step of the sweep that fails in a way that nobody foresaw ends the sweeping.",
         "tests/unit/test_sweep.py::test_a_step_that_fails_ends_neither_the_sweeping_nor_the_other_steps",
         "scrubjay/logging_setup.py", "    except Exception:", "    except ZeroDivisionError:"),
)  # fmt: skip
