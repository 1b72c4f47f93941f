"""The commands about an owner as a whole: receipts written, listed and checked, and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_api import FakeApi
from tests.unit.test_cli import RECEIPT, api, page, run

__all__ = ["api"]  # the fixture

EXAMINED = {"signature": True, "owner": None, "left": None}
LEFT = {"turns": 1, "texts": 0, "plans": 0, "versions": 2}


def test_a_receipt_is_written_as_the_server_gave_it_and_sent_back_whole_to_be_checked(
    api: FakeApi, tmp_path: Path
) -> None:
    counts = {"turns": {"dead": 1}, "plans": 0, "texts": 1, "memories": 4, "versions": 7, "of a newer server": 1}
    answer = {**RECEIPT, "counts": counts, "key_id": "k", "signature": "s"}
    api.plan("DELETE", "/memories", answer)
    api.plan("POST", "/receipts/verify", EXAMINED)
    file = tmp_path / "alice.json"
    assert run(api, "forget", "--user", "alice", "--yes", "--receipt", str(file)).exit_code == 0
    written = json.loads(file.read_text())
    assert written | answer == written
    result = run(api, "forget", "--verify", str(file))
    assert (result.exit_code, api.requests[-1].body) == (0, {"receipt": written})
    assert "The receipt holds: 3 turns and 7 versions were erased" in result.stdout


@pytest.mark.parametrize(
    ("verdict", "sentences"),
    [
        ({**EXAMINED, "signature": False}, ["The signature is wrong"]),
        ({**EXAMINED, "owner": False}, ["about somebody else"]),
        ({**EXAMINED, "owner": True, "left": LEFT}, ["1 turns are still there", "2 versions are still there"]),
    ],
)
def test_a_receipt_that_does_not_hold_says_why_and_exits_with_1(
    api: FakeApi, tmp_path: Path, verdict: dict[str, Any], sentences: list[str]
) -> None:
    api.plan("POST", "/receipts/verify", verdict)
    file = tmp_path / "alice.json"
    file.write_text(json.dumps(RECEIPT))
    result = run(api, "forget", "--verify", str(file), "--user", "alice")
    assert (result.exit_code, api.requests[0].body["user_id"]) == (1, "alice")
    assert [sentence for sentence in sentences if sentence not in result.stderr] == []


def test_a_file_that_is_no_receipt_is_refused_with_a_sentence(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "alice.json"
    assert "cannot be read" in run(api, "forget", "--verify", str(file)).stderr
    for text, sentence in (("{", "is not JSON"), ("[]", "not a JSON object")):
        file.write_text(text)
        assert sentence in run(api, "forget", "--verify", str(file)).stderr
    assert api.requests == []


def test_receipts_are_listed(api: FakeApi) -> None:
    api.plan("GET", "/receipts", page({**RECEIPT, "id": "r1", "scope": ["user_id"]}, next_page="/receipts?page=2"))
    result = run(api, "receipts", "list")
    assert all(text in result.stdout for text in ("user_id", "r1", "2026-03-26 09:00:00", "--page 2"))


LINES = [
    {"kind": "export", "versions": 1, "owner": {"user_id": "alice"}},
    {"kind": "memory", "memory": "a line\u2028of its own"},
    {"kind": "end", "memories": 1, "turns": 0},
]


def test_an_export_is_written_line_by_line_and_one_that_was_cut_off_is_not_kept(api: FakeApi, tmp_path: Path) -> None:
    whole = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES)
    file = tmp_path / "alice.jsonl"
    for text in (
        whole[:-20],
        "".join(whole.splitlines(keepends=True)[:1]),
        whole.replace('"memories": 1', '"memories": 2'),
    ):
        api.plan("GET", "/export", text)
    api.plan("GET", "/export", whole)
    for _ in range(3):
        assert run(api, "export", "--user", "alice", "--out", str(file)).exit_code == 1
        assert list(tmp_path.iterdir()) == []
    assert run(api, "export", "--user", "alice", "--out", str(file)).exit_code == 0
    written = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert [json.loads(line) for line in written] == LINES
    assert api.requests[-1].path == "/export?user_id=alice"
