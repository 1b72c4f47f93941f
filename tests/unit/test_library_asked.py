"""What callers of the library hand in: which forms are taken, and how what is wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest

from scrubjay.errors import BadRequest, NotFound
from scrubjay.library import arguments
from scrubjay.model import Role

NOTHING: dict[str, Any] = {"metadata": None, "timestamp": None, "expiration_date": None, "infer": True, "prompt": None}


@pytest.mark.parametrize(
    "messages", ["I live in Lisbon.", {"role": "user", "content": "I live in Lisbon."}], ids=["text", "message"]
)
def test_a_text_or_one_message_is_a_turn_of_the_user_s(messages: Any) -> None:
    (message,) = arguments.handed(messages, {"user_id": "ana"}, **NOTHING).messages
    assert (message.role, message.content) == (Role.USER, "I live in Lisbon.")


def test_messages_may_hold_what_chat_completions_put_into_them() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Where is it?", "refusal": None},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    ]
    turn = arguments.handed(messages, {"user_id": "ana"}, **NOTHING)
    assert [message.content for message in turn.messages] == ["Where is it?", ""]


def test_a_number_is_taken_for_an_owner_s_id() -> None:
    assert arguments.named({"user_id": 7, "agent_id": None}) == {"user_id": "7"}


@pytest.mark.parametrize(
    ("messages", "more", "says"),
    [
        ("  ", {}, "at least one message must have content"),
        ([], {}, "messages: "),
        (5, {}, "messages: "),
        ([{"role": "robot", "content": "x"}], {}, "messages.0.role: "),
        ([{"role": "user", "content": [{"type": "image_url"}]}], {}, "messages.0.content: "),
        ("x\x00", {}, "messages.0.content: must not contain NUL"),
        ("x", {"metadata": {"a": float("nan")}}, "add.metadata: must not contain NaN"),
        ("x", {"timestamp": "yesterday"}, "add.timestamp: "),
    ],
)
def test_a_turn_that_cannot_be_taken_is_refused_in_one_sentence(messages: Any, more: Any, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        arguments.handed(messages, {"user_id": "ana"}, **{**NOTHING, **more})


def test_somebody_must_be_named_and_a_star_is_nobody() -> None:
    with pytest.raises(BadRequest, match="name an owner"):
        arguments.named({"user_id": None})
    with pytest.raises(BadRequest, match="user_id: must be the id of one owner"):
        arguments.named({"user_id": "*"})


def test_a_keyword_that_is_none_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="'user'"):
        arguments.named({"user": "ana"})


def test_mem0_s_filters_look_into_metadata_where_they_name_none_of_our_fields() -> None:
    mem0 = {"user_id": "ana", "OR": [{"team": "red"}, {"stars": {"gte": 4}}], "NOT": [{"team": "blue"}]}
    assert arguments.in_our_words(mem0) == {
        "user_id": "ana",
        "OR": [{"metadata": {"team": "red"}}, {"metadata": {"stars": {"gte": 4}}}],
        "NOT": [{"metadata": {"team": "blue"}}],
    }


def test_an_id_that_is_no_uuid_is_nobody_s() -> None:
    with pytest.raises(NotFound, match="no memory with the id 'mem_abc'"):
        arguments.known_id("mem_abc")


def test_a_number_said_by_both_its_names_is_said_once() -> None:
    assert arguments.wanted(None, 3, 20) == 3
    with pytest.raises(BadRequest, match="say it once"):
        arguments.wanted(4, 3, 20)
