"""20. Turns that harm their lane: lost ones and poison. What is taken out, and which test must notice."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Edit, Mutation
from tests.chaos.proof.mutation import one as _one

_LOST = "tests/contract/test_lost_turns.py::test_"
_COUNTED = f"{_LOST}lost_turns_are_counted_and_logged_once_and_the_others_settle_in_their_order"
_PARTLY = f"{_LOST}a_turn_of_which_a_part_of_the_hash_is_left_is_lost_as_well"
_WORKED_ON = f"{_LOST}a_turn_lost_while_its_batch_is_worked_on_stops_no_step"
_RESTS = f"{_LOST}a_lane_whose_step_redis_refuses_rests_for_longer_each_time_and_spins_for_nobody"
_SUSPICION = "scrubjay/ingest/suspicion.py"
_HERE = "tests/integration/test_poison.py::test_"
_DIES = f"{_HERE}a_text_that_the_embedder_refuses_dies_the_same_way"
_OUTAGE = f"{_HERE}an_outage_however_long_kills_nothing"
_NOTHING_ELSE = f"{_HERE}while_the_model_answers_nothing_but_probes_three_turns_die_and_no_more"
_ONE_USER = f"{_HERE}an_installation_of_one_user_is_freed_of_its_poison_by_probes"
_LIMIT = f"{_HERE}a_limit_of_calls_and_a_refused_key_count_against_nobody"
_PAID_ONCE = f"{_HERE}while_the_embedder_is_away_the_extraction_is_paid_for_once"
_OWNERS = "tests/contract/test_breaker_owners.py::test_"
_ONE_OWNER = f"{_OWNERS}failures_of_one_owner_alone_open_it_for_nobody_and_one_of_another_does"
_TRIAL = f"{_OWNERS}whose_trial_has_failed_lets_others_try_first_and_tries_again_where_there_are_none"
_DISCARD = "tests/contract/test_discard.py::test_"
_BUSY = f"{_DISCARD}a_batch_that_takes_too_long_to_apply_is_not_waited_for_any_more"
_NEXT_CHECK = f"{_DISCARD}whoever_works_on_it_fails_its_next_check_and_the_others_are_as_if_never_taken"
_PLAN_GOES = f"{_DISCARD}a_recorded_plan_whose_holder_died_goes_with_the_turn"
_WAKES = f"{_DISCARD}a_turn_that_backs_off_is_discarded_and_wakes_those_behind_it_at_once"

MUTATIONS: tuple[Mutation, ...] = (
    _one(20, "A turn whose hash is gone leaves its lane uncounted.", _COUNTED,
         f"{_LUA}/_lost.lua", "redis.call('HINCRBY', keys.ledger, 'lost', #lost)", ""),
    _one(20, "A turn of which a part of the hash is left is taken.", _PARTLY,
         f"{_LUA}/_lost.lua", " and redis.call('HEXISTS', turn, 'body') == 1", ""),
    _one(20, "A turn that is postponed is written down though its hash is gone.", _WORKED_ON,
         f"{_LUA}/postpone.lua", "if stamp then", "stamp = stamp or 0 if true then"),
    _one(20, "A lane whose step Redis refuses rings at once.", _RESTS,
         "scrubjay/adapters/redis/leasing.py", "isinstance(error, InboxRefused)", "False"),
    _one(20, "The turns of a batch that failed are not tried one by one.", _DIES,
         f"{_LUA}/postpone.lua", "if counted and held > 1 then", "if false then"),
    _one(20, "Tries that fail while others are answered are not counted.", _DIES,
         "scrubjay/ingest/drain.py", "counted=seen is not None)", "counted=False)"),
    Mutation(20, "A turn is to blame whether or not others, or a probe, are answered.", _OUTAGE, (
        Edit(_SUSPICION, "if not seen.turns or (others_fail and seen.failing > _FEW):", "if not seen.turns:"),
        Edit(_SUSPICION, "if not await _answers(step, lease.lane.tenant, services):", "if False:"),
        Edit(_SUSPICION, " and not seen.may_die_without_others:", " and False:"),
    )),
    _one(20, "Turn after turn dies while nothing but probes is answered.", _NOTHING_ELSE,
         _SUSPICION, " and not seen.may_die_without_others:", " and False:"),
    _one(20, "Without others to compare with no turn ever dies.", _ONE_USER,
         _SUSPICION, " and not seen.may_die_without_others:", ":"),
    _one(20, "A limit of calls counts against the turn.", _LIMIT,
         "scrubjay/adapters/openai/endpoint.py", "for_any_request=is_busy", "for_any_request=False"),
    _one(20, "Failures of one owner alone open the breaker for all.", _ONE_OWNER,
         f"{_LUA}/breaker_report.lua", ">= threshold and several", ">= threshold"),
    _one(20, "Two poison turns keep each other alive.",
         "tests/integration/test_poison_together.py::test_two_poisoned_lanes_do_not_keep_each_other_alive",
         "scrubjay/ingest/suspicion.py", "(others_fail and seen.failing > _FEW)", "others_fail"),
    _one(20, "No more than one turn dies where there is nobody to compare with.",
         "tests/integration/test_poison_together.py::"
         "test_two_poison_turns_of_one_lane_die_and_the_turn_behind_them_settles",
         f"{_LUA}/outcomes.lua", "  or tonumber(deaths or '0') < 3\n", ""),
    _one(20, "A burst of a few owners' failures opens the breaker, however many calls were answered just before.",
         f"{_OWNERS}a_burst_of_failures_among_many_answers_opens_it_only_when_it_outnumbers_them",
         f"{_LUA}/breaker_report.lua", "and several and failures >= answered_lately()", "and several"),
    _one(20, "Whoever failed at the trial is let through at the next one before others.", _TRIAL,
         f"{_LUA}/breaker_admit.lua", "row[5] and row[5] == ARGV[4]", "false"),
    _one(20, "The model is asked anew at each try though only the embedder is away.", _PAID_ONCE,
         "scrubjay/ingest/kept_extractions.py", "if key in self._kept:", "if False:"),
    _one(20, "A turn is discarded while its plan is being applied.", _BUSY,
         f"{_LUA}/discard.lua", "if works and of_plan then return 'busy' end", ""),
    _one(20, "Whoever works on a turn that is discarded keeps the lane.", _NEXT_CHECK,
         f"{_LUA}/discard.lua", "redis.call('DEL', lease)", ""),
    _one(20, "A plan that holds a discarded turn stays.", _PLAN_GOES,
         f"{_LUA}/discard.lua", "redis.call('DEL', plan)", ""),
    _one(20, "The lane of a discarded turn goes on backing off for it.", _WAKES,
         f"{_LUA}/discard.lua", "redis.call('HDEL', lane, 'wake_us', 'failures', 'deaths', 'limit')", ""),
)  # fmt: skip
