"""Extraction: which facts come out of a model's answer, and what becomes of answers that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scrubjay.errors import BadAnswer, ModelRejected, ModelUnavailable, ScrubjayError
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.llm import prompts
from scrubjay.model import Extraction, Guidance, Message, Role, Scope, Turn
from scrubjay.ports import Answer
from tests.fakes import NoGuidance, Scripted, ScriptedModel

ANA = Scope(tenant="acme", user_id="ana")


def turn(number: int, *texts: str, role: Role = Role.USER) -> Turn:
    messages = tuple(Message(role=role, content=text) for text in texts)
    accepted_at = datetime(2026, 3, 6, 12, number, tzinfo=UTC)
    return Turn(id=f"turn-{number}", scope=ANA, messages=messages, accepted_at=accepted_at)


def fact(text: str, quote: str, **extra: Any) -> dict[str, Any]:
    return {"fact": text, "category": "personal", "quote": quote, **extra}


def facts(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"facts": list(entries)}


GOOD = facts(fact("User lives in Oslo.", "I live in Oslo"))
OSLO = turn(0, "Hello! I live in Oslo.")


async def extracted(answer: Scripted, *turns: Turn) -> Extraction:
    return await ModelExtractor(ScriptedModel(answer), NoGuidance()).extract(turns)


async def test_a_fact_belongs_to_the_turn_in_which_its_quote_was_said() -> None:
    extraction = await extracted(
        facts(fact("User has a cat.", "I have a cat")), turn(0, "Hello."), turn(1, "I have a cat.")
    )

    assert [(fact.turn_id, fact.text, fact.quote) for fact in extraction.facts] == [
        ("turn-1", "User has a cat.", "I have a cat")
    ]
    assert extraction.dropped == 0


async def test_facts_come_in_the_order_said_however_the_model_lists_them() -> None:
    answer = facts(fact("C", "third"), fact("B", "second"), fact("D", "fourth"), fact("A", "first"))
    extraction = await extracted(answer, turn(0, "first then second", "third"), turn(1, "fourth"))
    assert [fact.text for fact in extraction.facts] == ["A", "B", "C", "D"]


async def test_the_same_fact_found_twice_comes_from_two_turns_when_both_say_it() -> None:
    same = fact("User likes tea.", "I like tea")
    extraction = await extracted(
        facts(same, same, same), turn(0, "I like tea."), turn(1, "Yes."), turn(2, "I like tea!")
    )

    assert [fact.turn_id for fact in extraction.facts] == ["turn-0", "turn-2"]
    assert extraction.dropped == 0


async def test_a_fact_whose_quote_was_never_said_is_dropped_and_counted() -> None:
    extraction = await extracted(facts(fact("User is rich.", "I am rich"), GOOD["facts"][0]), OSLO)

    assert [fact.text for fact in extraction.facts] == ["User lives in Oslo."]
    assert extraction.dropped == 1


@pytest.mark.parametrize(
    ("text", "quote", "kept"),
    [
        ("I live in Oslo.", '"I live in Oslo."', "I live in Oslo."),
        ("I live in Oslo.", "  \u201cI live in Oslo\u201d\n", "I live in Oslo"),
        ("I live\n  in Oslo.", "I live in Oslo.", "I live\n  in Oslo."),
        ("I don\u2019t eat meat", "I don't eat meat", "I don\u2019t eat meat"),
        ('My boat is called "Wind".', "My boat is called \u201cWind\u201d", 'My boat is called "Wind"'),
        ("Ich mag Cafe\u0301s", "Ich mag Caf\u00e9s", "Ich mag Caf\u00e9s"),
        ("I pay (a lot) $5.00* [or so]?", "I pay (a lot) $5.00* [or so]?", "I pay (a lot) $5.00* [or so]?"),
    ],
)
async def test_a_quote_may_differ_in_white_space_and_typography_and_is_kept_as_it_was_said(
    text: str, quote: str, kept: str
) -> None:
    extraction = await extracted(facts(fact("A fact.", quote)), turn(0, text))
    assert [fact.quote for fact in extraction.facts] == [kept]


@pytest.mark.parametrize("quote", ["I live in Bergen", "i live in oslo", "I live Oslo", "I lived in Oslo", "", ' "" '])
async def test_a_quote_that_differs_in_its_words_is_false(quote: str) -> None:
    extraction = await extracted(facts(fact("A fact.", quote)), OSLO)
    assert (extraction.facts, extraction.dropped) == ((), 1)


async def test_a_quote_is_one_run_of_words_from_one_message() -> None:
    extraction = await extracted(
        facts(fact("A fact.", "in Oslo. It is cold")), turn(0, "I live in Oslo.", "It is cold.")
    )
    assert (extraction.facts, extraction.dropped) == ((), 1)


async def test_system_messages_are_no_source_of_facts() -> None:
    system = Message(role=Role.SYSTEM, content="The user lives in Rome.")
    both = Turn(**dict(OSLO) | {"messages": (system, *OSLO.messages)})
    extraction = await extracted(facts(fact("User lives in Rome.", "The user lives in Rome.")), both)
    assert (extraction.facts, extraction.dropped) == ((), 1)


@pytest.mark.parametrize("silent", [turn(0), turn(0, " \n"), turn(0, "Be kind.", role=Role.SYSTEM)])
async def test_the_model_is_not_asked_about_turns_in_which_nothing_was_said(silent: Turn) -> None:
    model = ScriptedModel()
    assert await ModelExtractor(model, NoGuidance()).extract([silent]) == Extraction()
    assert model.questions == []


async def test_a_batch_of_turns_costs_one_question() -> None:
    model = ScriptedModel(GOOD)
    await ModelExtractor(model, NoGuidance()).extract([OSLO, turn(1, "And I ski."), turn(2, "Bye.")])
    assert [question.name for question in model.questions] == ["extraction"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("Sure! Here are the facts.", "Invalid JSON"),
        ("", "Invalid JSON"),
        ('{"facts": [{"fact": "User li', "Invalid JSON"),
        (Answer(text='{"facts": []}', unfinished="it was cut off"), "cut off"),
        ({"fact": "User lives in Oslo."}, "facts: Field required"),
        ({"facts": None}, "facts: "),
        ([], "Input should be an object"),
        (facts({"fact": "User lives in Oslo.", "category": "personal"}), "facts.0.quote: Field required"),
        (facts(fact("User lives in Oslo.", "I live in Oslo") | {"fact": 7}), "facts.0.fact: "),
        (facts(fact("  ", "I live in Oslo")), "facts.0.fact: "),
        (facts(fact("x" * 1_001, "I live in Oslo")), "facts.0.fact: String should have at most 1000 characters"),
        (facts(fact("x", "I live in Oslo" * 300)), "facts.0.quote: String should have at most 4000 characters"),
        (facts(fact("x", "Oslo", category="x" * 101)), "facts.0.category: String should have at most 100 characters"),
        (facts(*[fact("x", "Oslo")] * 301), "facts: List should have at most 300 items"),
    ],
)
async def test_a_bad_answer_is_asked_for_once_more_with_the_error_named(bad: Scripted, error: str) -> None:
    model = ScriptedModel(bad, GOOD)
    extraction = await ModelExtractor(model, NoGuidance()).extract([OSLO])

    assert [fact.text for fact in extraction.facts] == ["User lives in Oslo."]
    first, second = model.questions
    assert error in second.user
    assert first.user in second.user


async def test_two_bad_answers_are_an_error_and_never_an_empty_success() -> None:
    model = ScriptedModel("not JSON", {"facts": "none"}, GOOD)
    with pytest.raises(BadAnswer, match=r"extraction was invalid twice.*facts: Input should be a valid"):
        await ModelExtractor(model, NoGuidance()).extract([OSLO])
    assert len(model.questions) == 2


async def test_the_error_of_a_bad_answer_repeats_none_of_its_words() -> None:
    model = ScriptedModel(facts(fact("x", "y") | {"quote": ["private"]}), '{"facts": private}')
    with pytest.raises(BadAnswer) as raised:
        await ModelExtractor(model, NoGuidance()).extract([OSLO])
    assert "private" not in model.questions[1].user + str(raised.value)


async def test_a_good_answer_without_facts_is_an_empty_success() -> None:
    assert await extracted(facts(), OSLO) == Extraction()


@pytest.mark.parametrize("fenced", ['```json\n{"facts": []}\n```', ' ```\n{"facts": []}```\n', '```{"facts": []}```'])
async def test_a_code_fence_around_the_answer_is_taken_off(fenced: str) -> None:
    assert await extracted(fenced, OSLO) == Extraction()


@pytest.mark.timeout(5)
@pytest.mark.parametrize("endless", ["```json" + "\n" * 100_000, "```" + " " * 100_000 + "```x"])
async def test_blank_lines_without_end_are_a_bad_answer_and_take_no_time(endless: str) -> None:
    with pytest.raises(BadAnswer, match="Invalid JSON"):
        await ModelExtractor(ScriptedModel(endless, endless), NoGuidance()).extract([OSLO])


async def test_keys_that_nobody_asked_for_are_let_pass() -> None:
    answer = facts(fact("User lives in Oslo.", "I live in Oslo", confidence=0.9)) | {"notes": "none"}
    assert len((await extracted(answer, OSLO)).facts) == 1


async def test_a_fact_is_one_line_and_its_category_is_never_empty() -> None:
    answer = facts(fact(" User lives\n in Oslo. ", "I live in Oslo", category=" "))
    [extracted_fact] = (await extracted(answer, OSLO)).facts
    assert (extracted_fact.text, extracted_fact.category) == ("User lives in Oslo.", "other")


@pytest.mark.parametrize("error", [ModelUnavailable("away"), ModelRejected("too long")])
async def test_a_model_that_is_away_or_refuses_is_not_asked_again(error: ScrubjayError) -> None:
    model = ScriptedModel(error, GOOD)
    with pytest.raises(type(error)):
        await ModelExtractor(model, NoGuidance()).extract([OSLO])
    assert len(model.questions) == 1


async def test_the_extractor_goes_by_its_models_name_and_its_prompts_version() -> None:
    extractor = ModelExtractor(ScriptedModel(name="gpt-test"), NoGuidance())
    assert (extractor.name, extractor.prompt_version) == ("gpt-test", prompts.EXTRACTION.version)


async def test_a_fact_is_kept_without_characters_that_no_eye_sees() -> None:
    extraction = await extracted(facts(fact("User\u202e likes\x00 te\u200ba.\n", "I live in Oslo")), OSLO)
    assert [fact.text for fact in extraction.facts] == ["User likes tea."]


async def test_in_a_users_lane_only_the_users_own_words_support_a_fact() -> None:
    messages = [
        Message(role=role, content=text) for role, text in ((Role.USER, "Hi!"), (Role.ASSISTANT, "You live in Oslo."))
    ]
    echo = OSLO.model_copy(update={"messages": tuple(messages)})
    claim = facts(fact("User lives in Oslo.", "You live in Oslo"))
    assert await extracted(claim, echo) == Extraction(dropped=1)
    in_run = echo.model_copy(update={"scope": Scope(tenant="acme", run_id="r")})
    assert len((await extracted(claim, in_run)).facts) == 1


async def test_turns_with_other_guidance_are_asked_about_apart_and_the_tenants_holds_for_all() -> None:
    guidance = NoGuidance()
    await guidance.give("acme", Guidance(excludes="health", categories={"Hobby": "for fun"}))
    model = ScriptedModel(facts(fact("A", "first", category="hobby")), facts(fact("B", "third", category="odd")))
    ours = turn(2, "third").model_copy(update={"guidance": Guidance(instructions="In verse.")})
    extraction = await ModelExtractor(model, guidance).extract([turn(0, "first"), turn(1, "second"), ours])

    plain, own = (question.system for question in model.questions)
    assert "Never keep: health" in plain
    assert "In verse." not in plain
    assert "Never keep: health" in own
    assert "In verse." in own
    assert [(fact.text, fact.category) for fact in extraction.facts] == [("A", "Hobby"), ("B", "other")]
    versions = [fact.prompt_version or "" for fact in extraction.facts]
    assert all(version.startswith(f"{prompts.EXTRACTION.version}+") for version in versions)
    assert versions[0] != versions[1]


async def test_a_short_quote_is_looked_for_as_a_whole_word() -> None:
    claim = facts(fact("User has no pets.", "No"))
    extraction = await extracted(claim, turn(0, "Nobody knows."), turn(1, "No."))
    assert [fact.turn_id for fact in extraction.facts] == ["turn-1"]
