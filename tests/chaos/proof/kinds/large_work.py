"""12. Work that a caller can make large: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation, one

_QUOTES = "tests/unit/test_quotes.py::test_"
_SCHEMAS = "tests/unit/test_schemas.py::test_"
_TEXTS = "tests/integration/test_large_texts.py::test_"
_LINEAR = f"{_QUOTES}no_text_makes_the_search_for_a_quote_run_for_long"
_ASIDE = f"{_QUOTES}quotes_are_looked_for_aside_of_the_loop_where_much_was_said"
_REFUSED = f"{_SCHEMAS}a_schema_beyond_its_budget_is_refused"
_GIVEN_UP = f"{_SCHEMAS}a_check_that_takes_too_many_steps_is_given_up"
_LONG = f"{_TEXTS}a_long_text_is_masked_and_judged_aside_of_the_loop"
_MANY = f"{_TEXTS}many_short_memories_in_one_request_are_masked_aside_of_the_loop"
_ENTITIES = "tests/integration/test_entities.py::test_a_list_takes_as_many_queries_however_many_entities_there_are"

MUTATIONS: tuple[Mutation, ...] = (
    one(12, "A quote is looked for by a pattern of all its words.", _LINEAR,
        "memory/quotes.py", "start = self._formed.find(form)\n",
        'words = re.search(r"\\s+".join(map(re.escape, form.split())), self._formed)\n'
        "        start = words.start() if words else -1\n"),
    one(12, "Work on long texts is done on the event loop.", _ASIDE,
        "memory/offload.py", "if characters <= LARGEST_ON_LOOP:", "if characters >= 0:"),
    one(12, "A schema may be as large as it likes when its references are written out.", _REFUSED,
        "memory/schemas.py", "if parts > MOST_PARTS:", "if False:"),
    one(12, "A reference of a schema may lead back to itself.", _REFUSED,
        "memory/schemas.py", 'if reference in self._open or reference == "#":', "if False:"),
    one(12, "Nobody counts the steps of checking a document.", _GIVEN_UP,
        "memory/schemas.py", "        left -= steps\n", ""),
    one(12, "What comes in by a turn is masked on the event loop.", _LONG,
        "api/intake.py", "await off_loop(_characters(turn), partial(_submission, turn, scope, parts.mask))",
        "_submission(turn, scope, parts.mask)"),
    one(12, "What is imported is masked on the event loop.", _MANY,
        "api/routes/imports.py", "characters = sum(len(str(one)) + _BESIDES for one in batch.memories)",
        "characters = 0"),
    one(12, "A list of entities asks for the times of each.", _ENTITIES,
        "memory/adapters/qdrant_entities.py", "        return counts, listed\n",
        "        for found in listed:\n            await self.entity(reach, found.kind, found.name)\n"
        "        return counts, listed\n"),
)  # fmt: skip
