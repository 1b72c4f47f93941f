"""What Mem0 has written over its versions, read into one shape; and files in every form that it comes in."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scrubjay.cli.imports.shapes import LeftOut, of_payload, of_record
from scrubjay.cli.imports.sources import FileSource

ID = "5f0c8a1e-6b0e-4c11-9a57-3f1f5a3f4c10"
TEXT = "Likes tea"
PACIFIC, MOMENT = "2024-07-20T01:30:36.275141-07:00", "2024-07-20T08:30:36.275141+00:00"


def test_a_payload_of_0_1_has_a_hash_and_times_of_us_pacific() -> None:
    payload = {"data": TEXT, "hash": "x", "user_id": "ana", "created_at": PACIFIC, "updated_at": None, "topic": "food"}
    assert of_payload(ID, payload, UTC) == {
        "id": ID, "memory": TEXT, "user_id": "ana", "created_at": MOMENT, "metadata": {"topic": "food"},
    }  # fmt: skip


def test_a_payload_of_2_has_metadata_beside_its_fields_and_tells_who_spoke() -> None:
    payload = {
        "data": TEXT, "hash": "x", "text_lemmatized": "like tea", "user_id": "ana", "agent_id": "bot", "run_id": "r",
        "actor_id": "Ana", "role": "user", "attributed_to": "user", "created_at": MOMENT, "updated_at": MOMENT,
        "expiration_date": "2031-01-01", "stars": 4, "valid_from": "spring", "text": "a note", "categories": ["a"],
    }  # fmt: skip
    said_by = {"actor_id": "Ana", "role": "user", "attributed_to": "user"}
    assert of_payload(ID, payload, UTC) == {
        "id": ID, "memory": TEXT, "user_id": "ana", "agent_id": "bot", "run_id": "r", "created_at": MOMENT,
        "updated_at": MOMENT, "expires_at": "2031-01-02T00:00:00+00:00",
        "metadata": {**said_by, "stars": 4, "valid_from": "spring", "text": "a note", "categories": ["a"]},
    }  # fmt: skip


def test_an_entity_that_mem0_keeps_beside_memories_is_none() -> None:
    answer = of_payload(ID, {"data": "Tea", "entity_type": "noun", "linked_memory_ids": [ID], "user_id": "ana"}, UTC)
    assert answer == LeftOut("it is no memory but an entity that Mem0 has found in some", is_wrong=False)


def test_a_memory_of_the_platform_has_a_session_and_categories_and_perhaps_no_metadata() -> None:
    record = {
        "id": ID, "memory": TEXT, "user_id": "ana", "agent_id": None, "app_id": "web", "session_id": "s",
        "metadata": None, "categories": ["food"], "created_at": PACIFIC, "updated_at": PACIFIC, "hash": "x",
        "expiration_date": None, "structured_attributes": {"day": 20}, "replaced_by": None, "score": 0.3,
    }  # fmt: skip
    assert of_record(record, UTC) == {
        "id": ID, "memory": TEXT, "user_id": "ana", "run_id": "s", "app_id": "web", "categories": ["food"],
        "created_at": MOMENT, "updated_at": MOMENT,
    }  # fmt: skip


def test_what_mem0_has_replaced_is_left_out() -> None:
    answer = of_record({"id": ID, "memory": TEXT, "user_id": "ana", "replaced_by": "other"}, UTC)
    assert answer == LeftOut("it had been replaced by a newer memory", is_wrong=False)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-07-20T08:30:36.275141Z", MOMENT),
        ("2024-07-20T08:30:36.275141", MOMENT),
        ("2024-07-20 08:30:36.275141", MOMENT),
        (1721464236.275141, MOMENT),
        (1721464236275, "2024-07-20T08:30:36.275000+00:00"),
        ("2024-07-20", "2024-07-20T00:00:00+00:00"),
    ],
)
def test_a_time_is_read_in_every_form_that_it_comes_in(value: Any, moment: str) -> None:
    answer = of_record({"memory": TEXT, "user_id": "ana", "created_at": value}, UTC)
    assert answer == {"memory": TEXT, "user_id": "ana", "created_at": moment}


def test_a_time_without_a_zone_is_of_the_zone_that_is_named() -> None:
    answer = of_record(
        {"memory": TEXT, "user_id": "ana", "created_at": "2024-07-20T01:30:36.275141"}, ZoneInfo("US/Pacific")
    )
    assert answer == {"memory": TEXT, "user_id": "ana", "created_at": MOMENT}


def test_an_id_that_is_no_uuid_is_kept_in_the_metadata_and_a_number_of_an_owner_is_its_text() -> None:
    answer = of_record({"id": 7, "memory": TEXT, "user_id": 42, "metadata": {"a": 1}}, UTC)
    assert answer == {"memory": TEXT, "user_id": "42", "metadata": {"source_id": 7, "a": 1}}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("text", "it is not a JSON object"),
        ({"user_id": "ana", "memory": ""}, "it has no text: `memory`, `data` and `text` are looked for"),
        ({"memory": TEXT, "metadata": []}, "its metadata is not a JSON object"),
        ({"memory": TEXT, "created_at": "yesterday"}, "'yesterday' is no time that can be read"),
        ({"memory": TEXT, "created_at": 10**40}, f"'{str(10**40)[:40]}' is no time that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(record: Any, reason: str) -> None:
    assert of_record(record, UTC) == LeftOut(reason)


ONE, TWO = {"id": ID, "memory": TEXT, "user_id": "ana"}, {"memory": "Has a boat", "user_id": "ana"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([ONE, TWO]),
        json.dumps({"results": [ONE, TWO]}, indent=2),
        "\ufeff" + json.dumps({"memories": [ONE, TWO]}),
        f"{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n",
        f"{json.dumps({'results': [ONE]})}\n{json.dumps({'results': [TWO]})}",
    ],
    ids=["an array", "results", "memories", "lines", "pages"],
)
def test_a_file_holds_memories_in_any_of_these_forms(tmp_path: Path, content: str) -> None:
    file = tmp_path / "export"
    file.write_text(content)
    source = FileSource(file, UTC)
    assert source.total() == 2
    assert [item for piece in source.pieces(None) for item in piece.records] == [ONE, TWO]
    assert [item for piece in source.pieces(1) for item in piece.records] == [TWO]


def test_a_line_that_is_not_json_refuses_itself_alone(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text(f"{json.dumps(ONE)}\n{{half\n{json.dumps(TWO)}\n")
    (piece,) = FileSource(file, UTC).pieces(None)
    assert piece.records == [ONE, LeftOut("line 2 is not JSON"), TWO]


def test_of_our_own_export_the_memories_that_hold_come_in(tmp_path: Path) -> None:
    body = {
        **ONE,
        "agent_id": None,
        "kind": "memory",
        "current": True,
        "event": "ADD",
        "version": 2,
        "valid_from": MOMENT,
    }
    lines = [{"kind": "export", "format": 1}, body, {**body, "current": False}, {"kind": "turn"}, {"kind": "end"}]
    file = tmp_path / "ana.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    (piece,) = FileSource(file, UTC).pieces(None)
    assert [item for item in piece.records if not isinstance(item, LeftOut)] == [{**ONE, "valid_from": MOMENT}]
    assert [item.is_wrong for item in piece.records if isinstance(item, LeftOut)] == [False] * 4
