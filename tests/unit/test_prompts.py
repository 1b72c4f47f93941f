"""The prompts: what a model is told, and what it is never told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any

import pytest

from scrubjay.llm import prompts
from scrubjay.model import Fact, Memory, Message, Recalled, Role, Scope, Turn

NOON = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
ANA = Scope(tenant="acme", user_id="ana", agent_id="helper", run_id="r1")


def turn(*messages: Message, scope: Scope = ANA, timestamp: datetime | None = None) -> Turn:
    return Turn(id="turn-id", scope=scope, messages=messages, accepted_at=NOON, timestamp=timestamp)


def user(text: str, name: str | None = None) -> Message:
    return Message(role=Role.USER, content=text, name=name)


def recalled(text: str) -> Recalled:
    memory = Memory(id="memory-id", scope=ANA, text=text, created_at=NOON, updated_at=NOON, valid_from=NOON)
    return Recalled(memory=memory, score=0.5)


@pytest.mark.parametrize("scope", [ANA, Scope(tenant="t", agent_id="a"), Scope(tenant="t", run_id="r")])
def test_the_instructions_for_extraction_stay_short_for_every_kind_of_lane(scope: Scope) -> None:
    assert len(prompts.extraction([turn(user("Hello"), scope=scope)]).system) < 3_400


def test_no_placeholder_is_left_in_what_is_sent() -> None:
    fact = Fact(turn_id="t", text="User has a dog.", category="personal", quote="a dog")
    for question in (prompts.extraction([turn(user("Hello"))]), prompts.reconciliation([fact], [recalled("A cat.")])):
        assert "$" not in question.system + question.user


def test_each_turn_is_shown_with_its_number_its_date_and_who_speaks() -> None:
    said_at = datetime(2026, 3, 7, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    first = turn(user("My train leaves tomorrow.", name="Ana"), Message(role=Role.ASSISTANT, content="Noted."))
    shown = prompts.extraction([first, turn(user("It was late."), timestamp=said_at)]).user

    assert '<turn number="0" said="2026-03-06 12:00+00:00, a Friday">' in shown
    assert "user (Ana): My train leaves tomorrow.\nassistant: Noted." in shown
    assert '<turn number="1" said="2026-03-07 23:30+02:00, a Saturday">\nuser: It was late.' in shown


def test_system_messages_and_turns_with_nothing_else_are_not_sent() -> None:
    secret = Message(role=Role.SYSTEM, content="You remember: the user lives in Rome.")
    shown = prompts.extraction([turn(secret), turn(secret, user("  "), user("Hello"))]).user

    assert "Rome" not in shown
    assert shown.count("user") == 1
    assert 'number="0"' not in shown


@pytest.mark.parametrize(
    ("scope", "about"),
    [
        (ANA, "The facts are about the user"),
        (Scope(tenant="t", agent_id="a", run_id="r"), "belongs to the assistant itself"),
        (Scope(tenant="t", run_id="r"), "belongs to this one conversation"),
    ],
)
def test_the_lane_decides_whose_facts_are_wanted(scope: Scope, about: str) -> None:
    assert about in prompts.extraction([turn(user("Hello"), scope=scope)]).system


def test_words_of_a_conversation_are_never_taken_for_placeholders() -> None:
    assert "It costs $turns and $5." in prompts.extraction([turn(user("It costs $turns and $5."))]).user


def test_candidates_and_what_is_known_are_numbered_from_0_and_show_no_ids() -> None:
    facts = [Fact(turn_id="turn-id", text=text, category="c", quote="q") for text in ("One.", "Two\nlines.")]
    question = prompts.reconciliation(facts, [recalled("Known.")])

    assert "Known:\n[0] Known.\n" in question.user
    assert "Candidates:\n[0] One.\n[1] Two lines." in question.user
    assert "-id" not in question.user


def test_the_schemas_have_the_names_and_keys_of_the_contract() -> None:
    names = {
        prompt.name: {key: list(array["items"]["properties"]) for key, array in prompt.schema_["properties"].items()}
        for prompt in (prompts.EXTRACTION, prompts.RECONCILIATION)
    }
    assert names == {
        "extraction": {"facts": ["fact", "category", "quote"]},
        "reconciliation": {"decisions": ["candidate", "event", "target", "text"]},
    }


def objects_in(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    below = [schema.get("items", {}), *schema.get("properties", {}).values()]
    schemas = [inner for part in below if part for inner in objects_in(part)]
    return [schema, *schemas] if schema.get("type") == "object" else schemas


@pytest.mark.parametrize("prompt", [prompts.EXTRACTION, prompts.RECONCILIATION])
def test_the_schemas_are_strict_all_the_way_down(prompt: prompts.Prompt) -> None:
    schemas = objects_in(prompt.schema_)
    assert len(schemas) == 2
    for schema in schemas:
        assert schema["required"] == list(schema["properties"])
        assert schema["additionalProperties"] is False


@pytest.mark.parametrize("prompt", [prompts.EXTRACTION, prompts.RECONCILIATION])
def test_a_prompts_version_is_the_hash_of_its_file_and_its_schema(prompt: prompts.Prompt) -> None:
    text = files("scrubjay.llm.prompts").joinpath(f"{prompt.name}.md").read_text(encoding="utf-8")
    seed = text + json.dumps(prompt.schema_, sort_keys=True)
    assert prompt.version == hashlib.sha256(seed.encode()).hexdigest()[:12]


def test_asking_again_repeats_the_material_and_names_the_error() -> None:
    question = prompts.extraction([turn(user("Hello"))])
    again = prompts.question_after_error(question, "facts.0.quote: Field required")

    assert again.user.startswith(question.user)
    assert "facts.0.quote: Field required" in again.user
    assert (again.name, again.system, again.schema_) == (question.name, question.system, question.schema_)


def test_instructions_can_carry_the_schema_for_endpoints_that_take_none() -> None:
    question = prompts.extraction([turn(user("Hello"))])
    instructions = prompts.with_schema(question)

    assert instructions.startswith(question.system)
    assert json.dumps(question.schema_) in instructions
