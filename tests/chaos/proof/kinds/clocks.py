"""11. Clocks are trusted: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA, Edit, Mutation, one

_CLOCKS = "tests/integration/clocks"
_ERASING, _PAUSES, _NOTICING, _DATING = (
    f"{_CLOCKS}/test_{name}.py::test_" for name in ("erasing", "pauses", "noticing", "dating")
)
_EDITED = f"{_ERASING}an_edit_made_after_a_clock_was_ahead_is_erased_and_dated_now"
_JUMPED = f"{_ERASING}an_erase_after_a_jump_takes_what_came_before_and_nothing_that_comes_after"
_STRICT = f"{_ERASING}times_of_a_lane_increase_strictly_unless_that_dates_a_turn_more_than_a_minute_ahead"
_EMPTIED = f"{_ERASING}an_emptied_redis_goes_on_after_everything_that_the_store_holds"
_DIED = f"{_PAUSES}a_lane_whose_worker_died_before_a_jump_is_held_again"
_TERM = f"{_PAUSES}a_sweep_is_not_put_off_by_a_term_that_a_jump_has_made_longer"
_REMOVAL = f"{_PAUSES}a_removal_is_repeated_when_whoever_wrote_has_ended_whatever_the_clock_does"
_BREAKER = f"{_PAUSES}a_breaker_closes_after_its_pause_though_the_clock_goes_back"
_COUNTED = f"{_NOTICING}a_jump_is_logged_by_every_process_and_counted_once"
_LATE = f"{_NOTICING}a_redis_that_answers_late_has_not_jumped"
_TIMELESS = f"{_ERASING}an_import_without_times_comes_in_though_its_owner_was_forgotten_while_the_clock_was_ahead"
_EXPIRED = f"{_NOTICING}what_has_expired_by_redis_clock_is_news_again_whatever_a_workers_own_clock_says"
_DISAGREE = f"{_NOTICING}where_the_clocks_disagree_it_is_taken_and_dated_at_acceptance"
_FAR = f"{_DATING}a_timestamp_far_ahead_is_corrected_by_turns_and_by_hand"
_HELD = f"{_DATING}what_was_superseded_before_its_time_held_at_no_time"
_DOORS = f"{_DATING}a_timestamp_more_than_a_day_ahead_is_refused_at_every_door"
_REPLAYED = f"{_DATING}dead_turns_are_replayed_in_their_order_though_the_clock_went_back_between_them"
_KEPT = (
    "tests/contract/test_inbox.py::"
    "test_an_idempotency_key_lives_for_a_day_after_its_turn_has_ended_and_for_as_long_as_it_waits"
)
_ANOTHERS = "tests/contract/test_inbox.py::test_a_turn_leaves_an_idempotency_key_alone_that_another_turn_has_by_now"

MUTATIONS: tuple[Mutation, ...] = (
    one(11, "The order goes back with the clock.", _JUMPED,
        f"{LUA}/_clock.lua", "math.max(clock.now_us, clock.order + 1)", "clock.now_us"),
    Mutation(11, "An edit is dated by its token, not by Redis' clock.", _EDITED, (
        Edit("scrubjay/edit/edits.py", "now = lease.taken_at", "now = from_us(lease.token)"),
        Edit("scrubjay/edit/edits.py", "import Any\n", "import Any\n\nfrom scrubjay.model.clock import from_us\n"),
    )),
    one(11, "What a turn has no newer number than is not erased, only what was accepted before a time.", _JUMPED,
        f"{LUA}/erase.lua", "tonumber(row[8] or '0') <= watermark", "tonumber(row[6]) <= tonumber(now)"),
    one(11, "A lane's times increase strictly however far ahead that dates its turns.", _STRICT,
        f"{LUA}/accept.lua", " and last_us < accepted_us + 60000000", ""),
    one(11, "A new order counter begins at the time, whatever the store holds.", _EMPTIED,
        "scrubjay/adapters/redis/order.py", "greatest = await self._greatest()", "greatest = 0"),
    one(11, "A lease that a jump has made longer is left so.", _DIED,
        f"{LUA}/_lease.lua", "if left_ms > tonumber(longest_ms) then", "if false then"),
    one(11, "A sweep's term that a jump has made longer is left so.", _TERM,
        f"{LUA}/elect.lua", "if left_ms ~= -2 and left_ms <= tonumber(term_ms) then", "if left_ms ~= -2 then"),
    one(11, "The monotonic clock jumps ahead with the real one.", _REMOVAL,
        f"{LUA}/_clock.lua", "math.max(0, math.min(MOST_US, since_us))", "math.max(0, since_us)"),
    one(11, "The monotonic clock goes back with the real one.", _BREAKER,
        f"{LUA}/_clock.lua", "(tonumber(row[2]) or now_us) + passed_us", "now_us"),
    one(11, "Each process that sees a jump counts it.", _COUNTED,
        f"{LUA}/clock_jumped.lua", "if is_known then return 0 end", ""),
    one(11, "A call that took long is dated at its middle, as if that were exact.", _LATE,
        "scrubjay/adapters/redis/clock.py", "_A_JUMP_SECONDS + before.off_by + after.off_by", "_A_JUMP_SECONDS"),
    one(11, "What is imported without a time is compared with the time of an erase.", _TIMELESS,
        "scrubjay/edit/importing.py", "if arrived.created_at or arrived.updated_at:", "if True:"),
    one(11, "What has expired is asked of the process' own clock.", _EXPIRED,
        "scrubjay/adapters/redis/clock.py", "            try:\n                return await self._read_now()",
        "            try:\n                return datetime.now(UTC)"),
    one(11, "A timestamp is refused though nobody knows which clock is right.", _DISAGREE,
        "scrubjay/adapters/redis/clock.py", "abs(await self._read_now() - datetime.now(UTC)) <= _AGREED", "True"),
    one(11, "What stands is believed however far ahead it is dated.", _FAR,
        "scrubjay/model/versions.py",
         "return came_after and is_far_ahead(_since(memory), turn.accepted_at)", "return False"),
    one(11, "What came before a version that is dated ahead goes on beside what takes its place.", _HELD,
        "scrubjay/ingest/planner.py", "in cut_short(others, moment):", "in cut_short((), moment):"),
    one(11, "Any timestamp is taken.", _DOORS,
        "scrubjay/validation.py", "if await clock.agrees():", "if False:"),
    one(11, "A replayed turn goes by its time where the clock was ahead when it was accepted.",
        f"{_DATING}a_turn_that_died_while_the_clock_was_ahead_and_is_replayed_overwrites_nothing_newer",
        "scrubjay/model/versions.py", "if turn.timestamp is None and memory.order > turn.order:", "if False:"),
    one(11, "Dead turns are replayed by their times.", _REPLAYED,
        "scrubjay/adapters/redis/turn_log/dead_letters.py", "(int(row[-1] or 0), int(row[1] or 0), turn_id)",
        "(int(row[1] or 0), 0, turn_id)"),
    one(11, "An idempotency key ends a day after its turn was accepted.", _KEPT,
        f"{LUA}/accept.lua", "redis.call('HSET', turn, 'idem', idem)", "redis.call('EXPIRE', idem, 86400)"),
    one(11, "A turn ends or keeps an idempotency key that another turn has by now.", _ANOTHERS,
        f"{LUA}/_idempotency.lua", "redis.call('HGET', idem, 'id') == id", "true"),
    one(11, "An edit rings for a lane that backs off, and puts off its wake-up.",
        "tests/contract/test_lanes.py::test_an_edit_neither_wakes_nor_puts_off_a_lane_that_backs_off",
        f"{LUA}/hand_back.lua", "elseif wake_ms > now_ms then", "elseif false then"),
    one(11, "A page of an export begins after the time at which the last one ended.",
        "tests/contract/test_lists.py::test_an_export_leaves_out_no_turn_of_those_that_share_a_microsecond",
        "scrubjay/adapters/redis/turn_log/owners.py", "low = str(last)", 'low = f"({last}"'),
)  # fmt: skip
