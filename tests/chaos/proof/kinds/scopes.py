"""18. Whose memory it is: what is taken out, and which case must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_PLANNER = "scrubjay/ingest/planner.py"
_TOPICS = "scrubjay/ingest/batch_topics.py"
_VERSIONS = "scrubjay/ingest/new_versions.py"
_TOMBSTONES = "scrubjay/erase/tombstones.py"
_EDITS = "scrubjay/edit/edits.py"
_READS = "scrubjay/adapters/qdrant/reads.py"
_FAULTS = "tests/integration/test_scope_faults.py::test_"
_OTHERS = "tests/integration/test_erases_and_others.py::test_"
_PLAN = "tests/unit/test_plan.py::test_"


def _case(name: str) -> str:
    """The node id of one case of the table."""
    return f"tests/integration/test_scope_cases.py::test_each_view_sees_what_was_said_in_it[{name.replace(' ', '-')}]"


MUTATIONS: tuple[Mutation, ...] = (
    _one(18, "A repetition in another scope belongs to the memory that is known.",
         _case("What is said in two runs is found in both, and once by the user"),
         _PLANNER, "if known.scope != turn.scope:", "if False:"),
    _one(18, "What is said later stands for nothing in the views that it shares.",
         _case("An update said to another agent leaves the first one what it knew"),
         _TOPICS, "behind_it = [(other, behind(_dated(other, memory, turn), memory)) for other in earlier]",
         "behind_it: list[tuple[Memory, Memory]] = []"),
    _one(18, "What was said later does not stand for what comes late.",
         _case("A late turn of another scope stands behind what was said since"),
         _TOPICS, "memory = behind(memory, other)", "pass"),
    _one(18, "A wording that adds to another scope's memory takes its place.",
         f"{_PLAN}a_wording_that_adds_to_another_scopes_memory_leaves_both_standing",
         _PLANNER, "decision.event is Event.UPDATE and adds_to(decision.text or \"\", known.text, fact.text)", "False"),
    _one(18, "A repetition keeps the expiry of the first time.",
         _case("What is said again without an expiry does not expire"),
         _VERSIONS, '"expires_at": None if None in expiries else max(filter(None, expiries)),',
         '"expires_at": known.expires_at,'),
    _one(18, "A repetition leaves its metadata out.",
         _case("Metadata of what is said again is joined, and the later value of a key holds"),
         _VERSIONS, '"metadata": _joined(*metadata),', '"metadata": known.metadata,'),
    _one(18, "A repetition is not among the turns of the memory.",
         _case("What is said three times is renewed, and tells of all three turns"),
         _VERSIONS, '_bounded_turns([*known.turn_ids, turn.id])', 'known.turn_ids'),
    _one(18, "The turns of a memory are kept without end.",
         f"{_PLAN}of_very_many_turns_that_said_one_thing_the_first_and_the_last_are_kept",
         _VERSIONS, "len(once) <= MOST_TURNS", "True"),
    _one(18, "What a forgotten part stood for stays hidden.",
         _case("Forgetting the agent that was told of a change brings back what another one knows"),
         _TOMBSTONES, "await _shown_again(lane, topics, scope, until, leases=leases, lanes=lanes, store=store)",
         "pass"),
    _one(18, "What a deleted memory stood for stays hidden.",
         _case("Deleting what hides another memory shows it again"),
         _EDITS, "await show_others_again(lease, memory, lanes, store)", "pass"),
    _one(18, "New metadata count as said again.",
         _case("A hidden memory whose metadata alone is changed by hand stays hidden, also when that is undone"),
         _EDITS, 'again["said_at"] = None if is_said_now else', 'again["said_at"] = None if True else'),
    _one(18, "A deletion that failed is finished without showing what was hidden.",
         f"{_FAULTS}a_deletion_that_fails_halfway_is_finished_by_the_sweep_and_shows_what_was_hidden",
         "scrubjay/erase/removals.py", "await show_others_again(lease, there, lanes, store)", "pass"),
    _one(18, "An erase leaves what it does not change to a worker that has lost its lane.",
         f"{_FAULTS}a_worker_that_loses_its_lane_to_an_erase_in_the_midst_hides_nothing_behind_what_is_erased",
         _TOMBSTONES, "rearranged(staying, all_of_them=True)", "rearranged(staying)"),
    _one(18, "A memory that ends earlier goes on standing for others.",
         _case("A change with an earlier end shows again what it stood for"),
         _PLANNER, "if end_of(after) < end_of(known):", "if False:"),
    _one(18, "A merged wording may have another scope's words.",
         "tests/unit/test_wording.py::test_a_wording_has_others_words_where_one_that_tells_of_something_is_theirs_alone",
         "scrubjay/ingest/wording.py", "carried - _units_of(own)", "carried - carried"),
    _one(18, "A past version stays hidden behind what is forgotten.",
         _case("A past version is not hidden by what is forgotten"),
         _TOMBSTONES, "*await _past_shown(lane, chunk, staying, store)]", "]"),
    _one(18, "A list shows what others stand for.",
         _case("What is said in two runs is found in both, and once by the user"),
         _READS, "visible = await self._visible(selectors.current(scope, *conditions), scope, filters, now)",
         "visible = selectors.current(scope, *conditions)"),
    _one(18, "Of several ids in a filter each is seen for itself.",
         _case("Who asks with two runs sees what was said last in either"),
         _READS, "behind = [member.id for member in not_last(members, moment)]", "behind: list[str] = []"),
    _one(18, "A plan that is recorded keeps a memory hidden behind one that is forgotten.",
         "tests/integration/test_mixed_fates.py::"
         "test_a_plan_in_flight_over_a_forgotten_part_leaves_versions_with_numbers_of_their_own",
         "scrubjay/adapters/redis/erase/turn_erasure.py",
         " or any(write.memory.hidden for write in plan.writes)", ""),
    _one(18, "An erase that begins again leaves hidden what was compared with the forgotten meanwhile.",
         f"{_OTHERS}an_erase_that_begins_again_shows_what_was_settled_meanwhile[a settled turn]",
         "scrubjay/erase/forget.py", "if lease.lane in lost]", "if False]"),
    _one(18, "An erase that begins again does not look in the lanes that it has lost.",
         f"{_OTHERS}an_erase_that_begins_again_shows_what_was_settled_meanwhile[a settled turn]",
         "scrubjay/erase/forget.py", "lanes, counts = [*before, *await", "lanes, counts = [*await"),
)  # fmt: skip
