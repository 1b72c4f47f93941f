"""12. Work that a caller can make large: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA as _LUA
from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_LARGE = "tests/integration/test_large_erases.py::test_"
_TRUE = "tests/integration/test_true_receipts.py::test_"
_OTHERS = "tests/integration/test_erases_and_others.py::test_"
_QUOTES = "tests/unit/test_quotes.py::test_"
_SCHEMAS = "tests/unit/test_schemas.py::test_"
_TEXTS = "tests/integration/test_large_texts.py::test_"
_LINEAR = f"{_QUOTES}no_text_makes_the_search_for_a_quote_run_for_long"
_ASIDE = f"{_QUOTES}quotes_are_looked_for_aside_of_the_loop_where_much_was_said"
_REFUSED = f"{_SCHEMAS}a_schema_beyond_its_budget_is_refused"
_WAITED = f"{_SCHEMAS}who_only_waits_for_the_thread_may_come_again_and_whose_schema_keeps_it_may_not"
_GIVEN_UP = f"{_SCHEMAS}a_check_that_takes_too_many_steps_is_given_up"
_LONG = f"{_TEXTS}a_long_text_is_masked_and_judged_aside_of_the_loop"
_MANY = f"{_TEXTS}many_short_memories_in_one_request_are_masked_aside_of_the_loop"
_ENTITIES = "tests/integration/test_entities.py::test_a_list_takes_as_many_queries_however_many_entities_there_are"
_FORMS = "tests/unit/test_unicode_forms.py::test_marks_reach_the_library_in_their_order"

MUTATIONS: tuple[Mutation, ...] = (
    _one(12, "An erase goes through all that waits in one step.",
         f"{_LARGE}no_step_of_an_erase_grows_with_what_is_stored",
         "scrubjay/adapters/redis/erase/erasing.py", "_TURNS_AT_ONCE = 200", "_TURNS_AT_ONCE = 100_000"),
    _one(12, "The sweep asks a server that is away for each removal that is due.",
         "tests/integration/test_removals.py::"
         "test_while_a_server_is_away_a_few_removals_ask_for_it_and_the_others_are_left_for_later",
         "scrubjay/erase/removals.py", "            raise away[0]\n", "            pass\n"),
    _one(12, "Only the first step of an erase looks at the token.",
         f"{_LARGE}each_step_of_an_erase_looks_at_the_token_again",
         f"{_LUA}/erase.lua", "if redis.call('GET', lease) ~= ARGV[1] then return {} end", ""),
    _one(12, "Nobody looks at the end of an erase whether it has held its lanes all the time.",
         f"{_LARGE}an_erase_whose_lane_was_lost_after_its_last_step_begins_again",
         "scrubjay/erase/forget.py", "await hold.check()", "pass"),
    _one(12, "The leases of an erase are not renewed.",
         f"{_LARGE}the_leases_of_many_lanes_outlive_any_one_lease",
         "scrubjay/adapters/redis/erase/held_lanes.py", "asyncio.create_task(lanes.beat())",
         "asyncio.create_task(asyncio.sleep(0))"),
    _one(12, "An erase takes a lane from another erase.",
         f"{_LARGE}a_lane_in_which_another_erase_is_is_not_taken_from_it",
         f"{_LUA}/take_by_force.lua", "if other and is_held", "if false and is_held"),
    _one(12, "What an erase did before it began again is not counted.",
         f"{_LARGE}an_erase_that_loses_its_lane_begins_again_and_counts_everything_once",
         "scrubjay/erase/forget.py", "self.turns.update(step.turns)", "self.turns = Counter(step.turns)"),
    _one(12, "A receipt says of any owner that it was known.",
         f"{_TRUE}an_erase_of_an_owner_who_was_never_seen_says_so",
         "scrubjay/erase/forget.py", "known=scope in dict(await services.lanes.epochs(scope))", "known=True"),
    _one(12, "What is newer than the epoch is not counted among what is left.",
         f"{_TRUE}what_is_left_counts_versions_that_are_newer_than_the_epoch",
         "scrubjay/erase/forget.py", "left.versions + newer", "left.versions"),
    _one(12, "A worker that takes back removes what an erase in its lane still needs.",
         f"{_OTHERS}a_worker_that_takes_back_leaves_an_erase_what_it_shows_others_again_by",
         "scrubjay/erase/tombstones.py", 'log.warning("not_taken_back"',
         'await store.erase(scope, epoch.order)\n            log.warning("not_taken_back"'),
    _one(12, "A lane that an erase hands back keeps the mark of the worker that it was taken from.",
         f"{_OTHERS}a_worker_that_loses_its_lane_to_an_erase_that_fails_has_not_died",
         f"{_LUA}/hand_back.lua", "(is_erase or ", "("),
    _one(12, "A quote is looked for by a pattern of all its words.", _LINEAR,
        "scrubjay/ingest/quotes.py", "start = self._formed.find(form)\n",
        'words = re.search(r"\\s+".join(map(re.escape, form.split())), self._formed)\n'
        "        start = words.start() if words else -1\n"),
    _one(12, "Work on long texts is done on the event loop.", _ASIDE,
        "scrubjay/offload.py", "if characters <= LARGEST_ON_LOOP:", "if characters >= 0:"),
    _one(12, "A schema may be as large as it likes when its references are written out.", _REFUSED,
        "scrubjay/llm/json_schema.py", "if parts > MOST_PARTS:", "if False:"),
    _one(12, "A reference of a schema may lead back to itself.", _REFUSED,
        "scrubjay/llm/json_schema.py", 'if reference in self._open or reference == "#":', "if False:"),
    _one(12, "Nobody counts the steps of checking a document.", _GIVEN_UP,
        "scrubjay/llm/json_schema.py", "        left -= steps\n", ""),
    _one(12, "What comes in by a turn is masked on the event loop.", _LONG,
        "api/intake.py", "await off_loop(_characters(turn), partial(_submission, turn, scope, parts.mask))",
        "_submission(turn, scope, parts.mask)"),
    _one(12, "What is imported is masked on the event loop.", _MANY,
        "api/routes/imports.py", "characters = sum(len(str(memory)) + _BESIDES for memory in batch.memories)",
        "characters = 0"),
    _one(12, "A list of entities asks for the times of each.", _ENTITIES,
        "scrubjay/adapters/qdrant/entities.py", "        return counts, listed\n",
        "        for listing in listed:\n            await self.entity(reach, listing.kind, listing.name)\n"
        "        return counts, listed\n"),
    _one(12, "A long run of marks is left to the library to sort.", _FORMS,
        "scrubjay/model/unicode_normalization.py", "    if marks:\n", "    if False:\n"),
    _one(12, "The long texts of a filter are folded on the event loop.",
        f"{_TEXTS}the_long_texts_of_a_filter_are_folded_aside_of_the_loop",
        "scrubjay/adapters/qdrant/reads.py", "off_loop(characters(filters), work)", "off_loop(0, work)"),
    _one(12, "A part of a schema names a draft, whose validator counts no steps.", _REFUSED,
        "scrubjay/llm/json_schema.py", 'if name == "$schema" and isinstance(value, str) and depth > 0:', "if False:"),
    _one(12, "Keywords that take the square of a list's length are taken.", _REFUSED,
        "scrubjay/llm/json_schema.py", "if name in _UNEVALUATED:", "if False:"),
    _one(12, "Only the first level of what is to be unique is counted.", _GIVEN_UP,
        "scrubjay/llm/json_schema.py", "if name in _DEEP:", "if False:"),
    _one(12, "A reference of a schema may lead to what is no schema.", _REFUSED,
        "scrubjay/llm/json_schema.py", "for reference, target in targets.items():", "for reference, target in ():"),
    _one(12, "Who waits for another's check hears that the own schema is too much.", _WAITED,
        "scrubjay/llm/json_schema.py", "loop.call_soon_threadsafe(begun.set)\n        return work()\n\n",
        "return work()\n\n    begun.set()\n"),
)  # fmt: skip
