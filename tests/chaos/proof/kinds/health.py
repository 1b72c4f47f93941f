"""17. Health that is not true, and success for what did not happen: what is taken out, and which test must notice."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_READINESS = "tests/integration/test_readiness.py::test_"
_OUTAGE = f"{_READINESS}an_outage_of_the_model_is_told_by_readiness_the_dashboard_and_the_doctor"
_STRANGERS = f"{_READINESS}strangers_learn_the_status_alone_and_cause_no_call_of_a_provider"
_NO_WRITES = f"{_READINESS}a_redis_that_takes_no_writes_is_unready_and_the_operator_is_told_why"
_EXAMINED = "tests/unit/test_health.py::test_"
_PULSE = "tests/contract/test_pulse.py::test_"
_PAUSE = f"{_PULSE}what_waits_in_back_off_is_not_due_and_counts_from_the_end_of_the_pause"
_SINCE = f"{_PULSE}since_when_a_part_is_unwell_is_one_moment_for_all_processes_until_it_recovers"
_CLOCK = f"{_PULSE}a_clock_that_jumps_neither_loses_a_worker_nor_makes_a_turn_late"
_KEPT = "tests/integration/test_feedback.py::test_feedback_that_a_newer_fencing_token_keeps_out_is_no_success"
_MERGED = "tests/integration/test_quarantine.py::test_a_merged_wording_is_judged_before_it_is_stored"
_UP = "tests/unit/test_parts.py::test_a_worker_part_is_ready_once_a_worker_has_shown_that_it_is_alive"
_PATCHES = "tests/integration/test_metadata.py::test_two_patches_of_metadata_at_once_both_hold_and_metadata_replaces"

MUTATIONS: tuple[Mutation, ...] = (
    _one(17, "Readiness does not look at the circuit breakers.", _OUTAGE,
         "scrubjay/health.py", "{name: await self._breaker(provider) for", "{name: await self._breaker(None) for"),
    _one(17, "Lanes that back off do not degrade the service.", _OUTAGE,
         "scrubjay/health.py", "share > thresholds.lanes_percent", "share > 100"),
    _one(17, "That no worker is alive does not degrade the service.", f"{_EXAMINED}no_worker_degrades",
         "scrubjay/health.py", "return None if queue.workers else Trouble(", "return None if True else Trouble("),
    _one(17, "Callers without a key are told every part.", _STRANGERS,
         "api/routes/health.py", "    if is_known:\n", "    if True:\n"),
    _one(17, "Every key is told a provider's own words.", f"{_EXAMINED}nobody_is_told_a_providers_own_words",
         "scrubjay/health.py", 'else f"{error.plain}."', "else str(error)"),
    _one(17, "The doctor takes whatever answers for Scrubjay.",
         "tests/unit/test_doctor.py::test_where_no_scrubjay_answers_the_doctor_fails_and_says_so",
         "scrubjay/client/readiness.py", "    if not _is_ours(body):\n", "    if body is None:\n"),
    _one(17, "Callers without a key let the provider be asked.", _STRANGERS,
         "api/routes/health.py", "ask_providers=is_known", "ask_providers=True"),
    _one(17, "Each caller lets Redis and the store be looked at anew.",
         f"{_EXAMINED}callers_share_a_look_for_two_seconds",
         "scrubjay/health.py", "_LOOK_EVERY_SECONDS = 2\n", "_LOOK_EVERY_SECONDS = -1\n"),
    _one(17, "Readiness only asks Redis whether it answers, and writes nothing.", _NO_WRITES,
         "scrubjay/health.py", "_tried(self._pulse.try_writing())", "_tried(self._pulse.queue())"),
    _one(17, "A part's moment is set anew by every process that sees it.", _SINCE,
         f"{_LUA}/unwell.lua", "now, 'NX', 'EX', ARGV[2])", "now, 'EX', ARGV[2])"),
    _one(17, "What waited in back-off counts as due from its acceptance.", _PAUSE,
         f"{_LUA}/postpone.lua", "due_after_pause(waiting, wake_ms)\n", ""),
    _one(17, "A replayed turn counts as due from before its replay.",
         f"{_PULSE}a_replayed_turn_is_due_from_its_replay",
         f"{_LUA}/revive.lua", ", 'due_ms', digits(clock.monotonic_ms))", ")"),
    _one(17, "Since when turns are due, and when workers were seen, is compared with Redis' real time.", _CLOCK,
         f"{_LUA}/queue.lua", "note_time(clock)\n", "note_time(clock)\nclock.monotonic_ms = clock.now_us / 1000\n"),
    _one(17, "`scrubjay up` says ready before a worker is alive.", _UP,
         "scrubjay/devstack/parts.py", 'answer.startswith(b":1")', 'answer.startswith(b":")'),
    _one(17, "Feedback that the store has not written is told as kept.", _KEPT,
         "scrubjay/edit/edits.py", "if after.feedback != feedback:", "if after.id != memory_id:"),
    _one(17, "A merged wording is stored without being judged.", _MERGED,
         "scrubjay/ingest/planner.py",
         'self._add(fact.model_copy(update={"text": text}), is_held=True)\n            return ""',
         "return self._update(fact, known, text)"),
    _one(17, "What a patch of metadata joins is read before the lane is held.", _PATCHES, "scrubjay/edit/edits.py",
         "    lane = (await _current(reach, memory_id, services.store)).scope.lane\n"
         "    rewritten = await _rewritten(change.text, services.quarantine)\n"
         "    async with services.lanes.edit(lane) as lease:\n"
         "        before = await _current(reach, memory_id, services.store)\n",
         "    before = await _current(reach, memory_id, services.store)\n"
         "    lane = before.scope.lane\n"
         "    rewritten = await _rewritten(change.text, services.quarantine)\n"
         "    async with services.lanes.edit(lane) as lease:\n"),
    _one(17, "Patches make metadata as large as they like.", _PATCHES,
         "scrubjay/edit/edits.py", '_bounded({**fields["metadata"], **self.metadata_patch})',
         '{**fields["metadata"], **self.metadata_patch}'),
    _one(17, "The library reads the .env file of its host.",
         "tests/unit/test_library_config.py::test_the_library_reads_no_env_file_of_its_host_and_a_server_does",
         "scrubjay/settings.py", 'extra="ignore",\n        frozen=True,\n        populate_by_name=True,',
         'extra="ignore",\n        env_file=".env",\n        frozen=True,\n        populate_by_name=True,'),
)  # fmt: skip
