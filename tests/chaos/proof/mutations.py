"""What is taken out, and which test must fail without it.

A new row: texts that stand exactly once in their files (a unit test holds that), a replacement that still runs, and a
test that fails by an assertion. Where one mechanism stands in for another, all of them are taken out together.
"""

from __future__ import annotations

from tests.chaos.proof.kinds import KINDS
from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Edit, Mutation
from tests.chaos.proof.mutation import one as _one


def _test(file: str, name: str) -> str:
    """The node id of one of the ten."""
    return f"tests/chaos/invariants/test_{file}.py::test_{name}"


_LOST = _test("01_nothing_is_lost", "all_that_was_accepted_ends_settled_dead_or_erased_and_nothing_else_is_there")
_UNHEARD = "tests/contract/test_wakeups.py::test_when_all_messages_are_lost_a_sweep_sends_some_and_all_is_worked_on"
_CUT = _test("02_nothing_twice", "a_drain_cut_off_after_any_of_its_steps_and_begun_again_leaves_each_fact_once")
_GIVEN_UP = _test("02_nothing_twice", "a_plan_that_was_given_up_after_it_was_applied_makes_the_same_memories_again")
_ORDER = _test("03_in_order", "two_workers_whose_every_bell_is_doubled_apply_a_lane_in_the_order_of_acceptance")
_POISON = _test("04_poison", "while_a_poison_turn_is_searched_for_other_lanes_are_served_and_it_alone_dies")
_DEADLY = _test(
    "04_poison",
    "a_turn_that_kills_whoever_holds_it_is_dead_after_so_many_deaths_and_its_neighbours_are_settled",
)
_SIGTERM = _test("05_sigterm", "a_stopped_worker_ends_in_time_and_what_it_did_not_finish_is_taken_up_at_once")
_LATE = _test(
    "06_past_its_lease",
    "a_write_that_arrives_after_the_lease_has_ended_does_not_overwrite_what_came_later",
)
_STALLED = _test("06_past_its_lease", "a_worker_that_stalls_between_its_last_look_and_its_write_does_not_write")
_KILLED = _test("07_redis_killed", "a_killed_redis_still_knows_every_accepted_turn_its_place_and_its_key")
_FULL = _test("08_redis_full", "a_full_redis_answers_503_keeps_what_it_accepted_and_goes_on_when_there_is_room")
_ERASED = _test("09_erased", "an_owner_who_is_erased_during_extraction_or_before_the_plan_is_applied_leaves_nothing")
_REPEATED = (
    "tests/integration/test_interleavings.py::test_what_a_killed_worker_wrote_after_an_erase_is_removed_by_the_sweep"
)
_TRACE = "tests/integration/test_no_trace.py::test_"
_NO_NAME = "tests/contract/test_turns_of_tenants.py::test_an_erase_leaves_no_name_among_what_is_ready"
_UNTOLD = (
    "tests/integration/webhooks/test_erased.py::"
    "test_nothing_of_a_forgotten_owner_stays_whether_it_was_delivered_waits_or_failed"
)
_CLOCK = f"{_TRACE}a_turn_is_accepted_after_the_epoch_even_if_the_lane_is_forgotten_and_the_clock_goes_back"
_COUNTED = f"{_TRACE}a_worker_that_is_about_to_settle_while_its_lane_is_forgotten_does_not_take_turns_out_of_the_count"
_DOWN = _test(
    "10_model_down",
    "while_the_model_is_down_the_backlog_grows_and_nothing_is_marked_done_and_then_it_drains",
)

_POSTPONE = "delay = await services.lanes.postpone(lease, str(error), error.retry_after_seconds, counted=counted)"


_INVARIANTS = (
    _one(1, "The sweep makes no lane ready whose worker was lost.", _LOST,
         "scrubjay/adapters/redis/sweeper.py", 'await attempted("wake", self._wake())', "pass"),
    _one(1, "The sweep sends no messages for those that were lost.", _UNHEARD,
         "scrubjay/adapters/redis/sweeper.py", 'await attempted("ring", self._send_wakeups()) or 0', "0"),
    Mutation(1, "Turns leave the list when a worker takes them, not when they are settled.", _LOST, (
        Edit(f"{_LUA}/take.lua", "redis.call('LRANGE', waiting, 0, limit - 1)",
             "redis.call('LPOP', waiting, limit) or {}"),
        Edit(f"{_LUA}/settle.lua", "redis.call('LREM', waiting, 1, id) == 1",
             "redis.call('LREM', waiting, 1, id) >= 0"),
    )),
    _one(2, "A plan that was recorded is not used again: the model is asked anew.", _CUT,
         "scrubjay/ingest/drain.py",
         "plan = batch.plan if batch.plan is not None", "plan = None if batch.plan is not None"),
    _one(2, "The plan is not recorded before it is applied.", _CUT,
         "scrubjay/ingest/drain.py", "await services.lanes.record(lease, plan)", "pass"),
    _one(2, "A memory's id is drawn by chance, not made from its turn and its words.", _GIVEN_UP,
         "scrubjay/ingest/new_versions.py", 'uuid.uuid5(NAMESPACE, f"{turn_id}:{repetition}:{text}")', "uuid.uuid4()"),
    _one(3, "A turn is put at the wrong end of its lane.", _ORDER,
         f"{_LUA}/accept.lua", "redis.call('RPUSH', waiting, id)", "redis.call('LPUSH', waiting, id)"),
    Mutation(3, "A lane that somebody holds is given to the next who asks.", _ORDER, (
        Edit(f"{_LUA}/_holding.lua", "if is_held(names.lease, limits.longest_ms) then", "if false then"),
        Edit(f"{_LUA}/_holding.lua", "  look_at(lane, clock.monotonic_ms + lease_ms)\n", ""),
    )),
    _one(4, "A worker does one thing at a time.", _POISON,
         "scrubjay/devstack/parts.py", '"--pool", "threads"', '"--pool", "solo"'),
    _one(4, "A batch that fails is not halved.", _POISON,
         f"{_LUA}/fail.lua", "math.floor(batch_size / 2)", "batch_size"),
    _one(4, "Nobody counts how often a turn's worker has died.", _DEADLY,
         f"{_LUA}/take.lua", "redis.call('HINCRBY', lane, 'deaths', 1)", "0"),
    _one(5, "A lane that is handed back is not ready.", _SIGTERM,
         f"{_LUA}/hand_back.lua", "  make_ready(lane_name, now_ms)\n", ""),
    _one(5, "What is handed back has cost an attempt.", _SIGTERM,
         f"{_LUA}/hand_back.lua", "redis.call('HINCRBY', turn, 'attempts', -1)", ""),
    _one(5, "A worker that stops gives no time to finish.", _SIGTERM,
         "worker/event_loop.py", "self._loop.call_later, self._settings.finish_seconds,", "self._loop.call_later, 0,"),
    _one(5, "A worker that stops waits until everything is finished.", _SIGTERM,
         "worker/tasks.py", "worker.wind_down()", "pass"),
    _one(6, "The store takes a write with an older fencing token than what is there.", _LATE,
         "scrubjay/adapters/qdrant/leased_writes.py", ", update_filter=unfenced", ""),
    _one(6, "A worker writes on a last look however old it is.", _STALLED,
         "scrubjay/adapters/qdrant/writes.py", "if asyncio.get_running_loop().time() > good_until:", "if False:"),
    _one(7, "Redis keeps nothing on disk.", _KILLED,
         "scrubjay/devstack/redis_server.py", '"appendonly": "yes"', '"appendonly": "no"'),
    _one(7, "The scripts that a restarted Redis has forgotten are not loaded again.", _KILLED,
         "scrubjay/adapters/redis/scripts/runner.py", "if any(isinstance(answer, NoScriptError) for",
         "if False and any(answer for"),
    _one(8, "The API says yes before Redis has answered.", _FULL,
         "scrubjay/adapters/redis/intake.py",
         "acceptance = await with_current_names(step)\n",
         'asyncio.ensure_future(step())\n            acceptance = Acceptance("accepted", turn.id)\n'),
    _one(8, "An inbox that cannot be written to answers 202.", _FULL,
         "api/errors.py", "errors.Transient: 503", "errors.Transient: 202"),
    _one(8, "A full Redis makes room by dropping what it was not asked for of late.", _FULL,
         "scrubjay/devstack/redis_server.py", '"maxmemory-policy": "noeviction"', '"maxmemory-policy": "allkeys-lru"'),
    _one(9, "What is left of an erased turn still holds what was said.", _ERASED,
         f"{_LUA}/erase.lua", "redis.call('DEL', turn, text)", ""),
    _one(9, "A worker that wrote after an erase does not take it back.", _ERASED,
         "scrubjay/ingest/drain.py", "await take_back([", "str(["),
    Mutation(9, "A worker goes on in a lane that an erase has taken, and does not look at the epoch either.", _ERASED, (
        Edit(f"{_LUA}/record.lua", "if redis.call('GET', lease) ~= token then return 0 end", ""),
        Edit(f"{_LUA}/settle.lua", "if redis.call('GET', lease) ~= token then return 0 end", ""),
        Edit("scrubjay/adapters/redis/scripts/leases.py",
             "ensure_ours(token is not None and int(token) == lease.token, lease.lane)",
             "left_ms = max(left_ms, 10_000)"),
        Edit("scrubjay/adapters/redis/erase/epochs.py", "if any(turn.order <=", "if False and any(turn.order <="),
    )),
    _one(9, "An erase is not repeated when nobody can be writing any more.", _REPEATED,
         "scrubjay/erase/removals.py", "await _repeat(removal, services.lanes, services.store)", "pass"),
    Mutation(9, "A forgotten owner's lane stays among those that are ready.", _NO_NAME, (
        Edit(f"{_LUA}/take_by_force.lua", "look_at(ARGV[OPTIONS + i], until_ms)",
             "redis.call('ZADD', LANES, 'XX', until_ms, ARGV[OPTIONS + i])"),
        Edit(f"{_LUA}/hand_back.lua", "fall_asleep(lane_name)", "redis.call('ZREM', LANES, lane_name)"),
    )),
    _one(9, "What is to be told of a forgotten owner to webhooks stays.", _UNTOLD,
         "scrubjay/erase/forget.py",
         "tally.notifications += await turn_erasure.drop_notifications(scope, epoch.order)", "pass"),
    _one(9, "A turn's place in the order is the time, not the next number.", _CLOCK,
         f"{_LUA}/accept.lua", "next_order(clock), clock.now_us", "digits(clock.now_us), clock.now_us"),
    _one(9, "The epoch is raised before the lanes are taken: a worker may settle as erased what is to be counted.",
         _COUNTED,
         "scrubjay/erase/forget.py", "await hold.take(lanes)\n", "pass\n"),
    _one(10, "A model that is away counts as having nothing to say: the turns are done.", _DOWN,
         "scrubjay/ingest/drain.py", _POSTPONE,
         "delay = await services.lanes.settle(lease, Plan(turn_ids=tuple(turn.id for turn in batch.turns)))"),
    _one(10, "A model that is away is taken for the turn's own failure.", _DOWN,
         "scrubjay/ingest/drain.py", _POSTPONE, "delay = await services.lanes.fail(lease, str(error))"),
    _one(10, "Waiting for a model that is away costs attempts.", _DOWN,
         f"{_LUA}/postpone.lua", "redis.call('HINCRBY', turn, 'attempts', -1)", "redis.call('HGET', turn, 'attempts')"),
)  # fmt: skip

MUTATIONS = (*_INVARIANTS, *(mutation for kind in KINDS.values() for mutation in kind))
