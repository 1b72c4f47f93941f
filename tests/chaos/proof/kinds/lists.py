"""12. Lists, waiting and webhooks, whose work a caller can make large: what is taken out, and which test notices."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA, Mutation, one

_LISTS = "tests/contract/test_lists.py::test_"
_FAN_OUT = "tests/contract/test_fan_out.py::test_"
_PARTS = f"{_FAN_OUT}settling_notes_one_line_a_turn_and_the_rest_is_noted_in_parts_once_each_and_in_order"

MUTATIONS: tuple[Mutation, ...] = (
    one(12, "A list reads everything that is behind its place.",
        f"{_LISTS}a_page_costs_the_same_however_many_turns_there_are_and_however_deep_it_lies",
        f"{LUA}/newest.lua", "'LIMIT', 0, size + also)", "'LIMIT', 0, -1)"),
    one(12, "Page numbers reach any depth.",
        "tests/unit/test_limits.py::test_a_page_beyond_ten_thousand_items_is_refused_with_what_to_do_instead",
        "api/dependencies.py", "    if number * size > DEEPEST:", "    if number * size > 1_000 * DEEPEST:"),
    one(12, "A turn that dies is not kept among the dead of its lane.",
        f"{_LISTS}the_turns_of_a_user_and_the_list_of_the_dead_agree_a_retention_after_the_lane_fell_asleep",
        f"{LUA}/fail.lua",
        "  redis.call('ZADD', dead, redis.call('HGET', turn_prefix .. id, 'accepted_us'), id)\n", ""),
    one(12, "Turns whose status has ended are counted.",
        f"{_LISTS}turns_whose_status_has_ended_are_not_counted",
        "scrubjay/adapters/redis/turn_log/turn_lists.py", "        await self._trim(lane)\n", ""),
    one(12, "Whoever waits for a turn reads all of it again and again.",
        f"{_LISTS}waiting_for_a_turn_never_reads_its_words",
        "scrubjay/search/recall.py", "await turns.status(reach, turn_id)",
        "getattr(await turns.get(reach, turn_id), 'status', None)"),
    one(12, "However many wait, each looks as often.",
        f"{_LISTS}however_many_wait_in_a_process_they_look_a_bounded_number_of_times",
        "scrubjay/search/recall.py", "max(pause, len(_waiting) / _MOST_LOOKS_A_SECOND)", "pause"),
    one(12, "Settling makes the deliveries of a turn at once.",
        f"{_FAN_OUT}what_settling_costs_does_not_grow_with_events_or_webhooks",
        f"{LUA}/settle.lua", "      redis.call('RPUSH', outbox, id)\n",
        "      for _ in string.gmatch(events, '\"event\"') do redis.call('RPUSH', outbox, id) end\n"),
    one(12, "How far a turn's events are noted for webhooks is not kept.", _PARTS,
        f"{LUA}/_deliveries.lua", "        redis.call('HSET', turn, 'told', place - 1)\n", ""),
    one(12, "Nobody is rung for where whoever settled has died before noting for webhooks.",
        f"{_FAN_OUT}what_a_process_that_died_after_settling_has_not_noted_the_sweep_rings_for",
        f"{LUA}/settle.lua", "  redis.call('ZADD', hooks_due, 'LT',", "  redis.call('ZADD', 'sj:nothing', 'LT',"),
    one(12, "A change by hand is noted before what turns did earlier.",
        f"{_FAN_OUT}a_change_by_hand_is_noted_behind_what_turns_did_before",
        "scrubjay/adapters/redis/webhooks/announcing.py",
        "await self._fan_out.whole(await self._lanes.of(lease.lane))", ""),
    one(12, "What is not noted yet for webhooks is not looked through by an erase.",
        f"{_FAN_OUT}of_an_owner_who_was_erased_nothing_more_is_noted_and_no_outbox_names_the_lane",
        "scrubjay/adapters/redis/erase/turn_erasure.py", "        await self._note_all(scope)\n", ""),
    one(12, "A script goes through all that is stored.",
        "tests/contract/test_bounded_scripts.py::test_no_script_does_more_where_more_is_stored",
        f"{LUA}/ledger.lua", "redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')",
        "redis.call('ZRANGE', KEYS[i], 0, -1, 'WITHSCORES')"),
)  # fmt: skip
