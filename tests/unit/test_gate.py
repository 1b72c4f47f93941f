"""The gate: what plainly holds nothing costs no call, and everything else is asked about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scrubjay.ingest.small_talk import GatedExtractor, holds_nothing
from scrubjay.model import Message, Role, Scope, Turn
from tests.fakes import EchoExtractor

ANA = Scope(tenant="acme", user_id="ana")
BOT = Scope(tenant="acme", agent_id="bot")


def turn(*messages_given: tuple[Role, str] | str, scope: Scope = ANA, turn_id: str = "t") -> Turn:
    messages = [(Role.USER, message) if isinstance(message, str) else message for message in messages_given]
    return Turn(
        id=turn_id,
        scope=scope,
        messages=tuple(Message(role=role, content=text) for role, text in messages),
        accepted_at=datetime(2026, 3, 6, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Hi", "hello there!", "Hey, good morning :)", "ok thanks", "OK, thank you so much!!", "Great, got it.", "👍",
        "thanks again, bye", "...", "How's it going?", "How\u2019s it going?", "Danke schön!", "Alles klar, bis bald.",
        "¡Hola, buenos días!", "Merci beaucoup", "谢谢你！", "你好，早上好", "好的，谢谢",
        "ありがとうございます。", "Спасибо, пока",
        "ok\n\nthanks\n",
    ],
)  # fmt: skip
def test_small_talk_holds_nothing(text: str) -> None:
    assert holds_nothing(turn(text))


@pytest.mark.parametrize(
    "text",
    [
        "Yes", "No", "yes please", "Correct.", "7", "Hi, I'm Ana", "thanks, I moved to Lisbon", "Hello Ben", "okapi",
        "great aunt", "ok I will", "I", "danke, ich wohne in Berlin", "谢谢，我住在柏林", "你好，我叫安娜", "hi" * 150,
        "Thanks for the tip about my knee", "good job", "later today", "fine dining",
    ],
)  # fmt: skip
def test_whatever_might_hold_something_is_asked_about(text: str) -> None:
    assert not holds_nothing(turn(text))


def test_an_answer_to_the_assistant_is_asked_about_as_it_may_confirm_a_fact() -> None:
    question = (Role.ASSISTANT, "So you live in Berlin?")
    assert not holds_nothing(turn(question, "ok"))
    assert holds_nothing(turn("ok", question))


def test_what_the_assistant_says_counts_where_the_memory_is_its_own() -> None:
    answer = (Role.ASSISTANT, "The pool opens at nine.")
    assert holds_nothing(turn("thanks", answer))
    assert not holds_nothing(turn("thanks", answer, scope=BOT))


def test_a_turn_without_a_word_of_the_users_is_left_to_the_extractor() -> None:
    assert not holds_nothing(turn((Role.ASSISTANT, "Hello!")))


async def test_only_turns_that_may_hold_something_reach_the_extractor_and_the_others_are_named() -> None:
    behind = EchoExtractor()
    extraction = await GatedExtractor(behind).extract(
        [turn("Hi!", turn_id="a"), turn("I ski.", turn_id="b"), turn("ok thanks", turn_id="c")]
    )
    assert behind.batches == [["I ski."]]
    assert extraction.gated == {"a", "c"}
    assert [fact.turn_id for fact in extraction.facts] == ["b"]
