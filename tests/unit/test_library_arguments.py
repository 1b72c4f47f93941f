"""What callers of the library hand in: which forms are taken, and how what is wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest

from scrubjay.errors import BadRequest, NotFound
from scrubjay.library import arguments
from scrubjay.library.arguments import AddOptions, SearchOptions
from scrubjay.model import Role

NOTHING = AddOptions()


@pytest.mark.parametrize(
    "messages", ["I live in Lisbon.", {"role": "user", "content": "I live in Lisbon."}], ids=["text", "message"]
)
def test_a_text_or_one_message_is_a_turn_of_the_user_s(messages: Any) -> None:
    (message,) = arguments.new_turn(messages, {"user_id": "ana"}, NOTHING).messages
    assert (message.role, message.content) == (Role.USER, "I live in Lisbon.")


def test_messages_may_hold_what_chat_completions_put_into_them() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Where is it?", "refusal": None},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    ]
    turn = arguments.new_turn(messages, {"user_id": "ana"}, NOTHING)
    assert [message.content for message in turn.messages] == ["Where is it?", ""]


def test_a_number_is_taken_for_an_owner_s_id() -> None:
    assert arguments.owner_ids({"user_id": 7, "agent_id": None}) == {"user_id": "7"}


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
        arguments.new_turn(messages, {"user_id": "ana"}, NOTHING._replace(**more))


def test_somebody_must_be_named_and_a_star_is_nobody() -> None:
    with pytest.raises(BadRequest, match="name an owner"):
        arguments.owner_ids({"user_id": None})
    with pytest.raises(BadRequest, match="user_id: must be the id of one owner"):
        arguments.owner_ids({"user_id": "*"})


def test_a_keyword_that_is_none_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="'user'"):
        arguments.owner_ids({"user": "ana"})


def test_mem0_s_filters_are_read_in_our_grammar() -> None:
    filters = {"user_id": "ana", "OR": [{"keywords_search": "red"}], "NOT": [{"session_id": "r1"}]}
    request = arguments.search_request("red", {}, SearchOptions(filters=filters))
    assert request.filters == {
        "user_id": "ana",
        "OR": [{"keywords": {"icontains": "red"}}],
        "NOT": [{"run_id": "r1"}],
    }


def test_an_id_that_is_no_uuid_is_nobody_s() -> None:
    with pytest.raises(NotFound, match="no memory with the id 'mem_abc'"):
        arguments.known_id("mem_abc")


def test_a_number_said_by_both_its_names_is_said_once() -> None:
    assert arguments.one_limit(None, 3) == 3
    with pytest.raises(BadRequest, match="pass only one"):
        arguments.one_limit(4, 3)
