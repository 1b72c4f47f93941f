"""`scrubjay import`: what it sends, what it says, and how it goes on after it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scrubjay.cli.app import app
from scrubjay.cli.imports.sources import BATCH
from scrubjay.cli.private_files import open_private
from tests.unit.fake_api import FakeApi, fake_api


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command keeps its state and its report, as it was not told to keep them elsewhere."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(place: Path, count: int) -> str:
    file = place / "export.json"
    file.write_text(json.dumps([{"memory": f"text {number}", "user_id": "ana"} for number in range(count)]))
    return str(file)


def run(api: FakeApi, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments], env={"SCRUBJAY_URL": api.url, "COLUMNS": "200"})


def outcomes(*became: str) -> dict[str, Any]:
    names = ("imported", "there", "refused", "busy")
    rows = [{"id": None, "became": text, "reason": "why not" if text == "refused" else None} for text in became]
    return {**{name: became.count(name) for name in names}, "results": rows}


def texts(api: FakeApi) -> list[list[str]]:
    return [[memory["memory"] for memory in question.body["memories"]] for question in api.requests]


def test_it_says_what_became_of_the_memories(api: FakeApi, place: Path) -> None:
    api.plan("POST", "/import", outcomes("imported", "there"))
    result = run(api, "file", export(place, 2), "--json")
    assert result.exit_code == 0, result.output
    body = json.loads(result.stdout)
    assert (body["imported"], body["there"], body["refused"], body["total"]) == (1, 1, 0, 2)
    assert sorted(path.name for path in place.iterdir()) == ["export.json"], "no state and no report is left"


def test_what_was_refused_is_in_the_report_with_the_reason_and_can_be_imported_from_there(
    api: FakeApi, place: Path
) -> None:
    api.plan("POST", "/import", outcomes("imported", "refused"))
    result = run(api, "file", export(place, 2))
    assert result.exit_code == 1
    assert "1 memories were refused" in result.stderr
    report = place / "scrubjay-import.missing.jsonl"
    assert json.loads(report.read_text()) == {"not_imported": "why not", "memory": "text 1", "user_id": "ana"}
    assert report.stat().st_mode & 0o077 == 0
    api.plan("POST", "/import", outcomes("imported"))
    run(api, "file", str(report), "--report", str(place / "again.jsonl"))
    assert texts(api)[-1] == ["text 1"]


def test_when_the_server_refuses_it_stops_and_keeps_how_far_it_was(api: FakeApi, place: Path) -> None:
    file, state = export(place, BATCH + 1), place / "scrubjay-import.state.json"
    begun = {"source": f"file {file}", "server": api.url, "place": BATCH, "counts": {"imported": BATCH}}
    state.write_text(json.dumps(begun))
    api.plan("POST", "/import", {"detail": "This key may not.", "error": "forbidden"}, 403)
    stopped = run(api, "file", file)
    assert (stopped.exit_code, "This key may not." in stopped.stderr) == (1, True)
    assert json.loads(state.read_text()) == begun


def test_it_goes_on_behind_what_was_done(api: FakeApi, place: Path) -> None:
    file, state = export(place, BATCH + 1), place / "scrubjay-import.state.json"
    begun = {"source": f"file {file}", "server": api.url, "place": BATCH, "counts": {"imported": BATCH}}
    state.write_text(json.dumps(begun))
    api.plan("POST", "/import", outcomes("imported"))
    result = run(api, "file", file, "--json")
    assert f"Going on behind the first {BATCH} of {BATCH + 1} memories." in result.stderr
    assert json.loads(result.stdout)["imported"] == BATCH + 1
    assert texts(api) == [[f"text {BATCH}"]]
    assert not state.exists()


def test_what_an_interrupted_run_has_reported_beyond_its_state_is_reported_once(api: FakeApi, place: Path) -> None:
    (place / "scrubjay-import.missing.jsonl").write_text('{"not_imported": "told by a run that was interrupted"}\n')
    api.plan("POST", "/import", outcomes("refused"))
    run(api, "file", export(place, 1))
    [line] = (place / "scrubjay-import.missing.jsonl").read_text().splitlines()
    assert json.loads(line)["not_imported"] == "why not"


def test_a_state_of_another_import_is_not_gone_on_with(api: FakeApi, place: Path) -> None:
    (place / "scrubjay-import.state.json").write_text(json.dumps({"source": "file /else", "server": api.url}))
    result = run(api, "file", export(place, 1))
    assert (result.exit_code, api.requests) == (2, [])
    assert "is of an import of file /else" in result.stderr
    assert "name another file with --state" in result.stderr


def test_a_dry_run_reads_everything_and_sends_nothing(api: FakeApi, place: Path) -> None:
    file = place / "export.json"
    file.write_text('[{"memory": "a", "user_id": "ana"}, {"memory": ""}, {"memory": "b", "replaced_by": "c"}]')
    result = run(api, "file", str(file), "--dry-run", "--json")
    body = json.loads(result.stdout)
    assert (result.exit_code, body["refused"], body["left_out"], body["total"]) == (1, 1, 1, 3)
    assert api.requests == []


@pytest.mark.parametrize("owner", ["true", '" "', '"."', '"*"', "1.5", '["ana"]', '"a\\u0000"', '""'])
def test_a_dry_run_refuses_the_owners_that_the_server_refuses(api: FakeApi, place: Path, owner: str) -> None:
    file, records = place / "export.json", ['{"memory": "a", "user_id": 7.0}', f'{{"memory": "b", "user_id": {owner}}}']
    file.write_text(f"[{', '.join(records)}]")
    result = run(api, "file", str(file), "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["refused"], api.requests) == (1, 1, [])


def test_an_owner_is_sent_in_its_one_spelling_and_what_names_none_is_reported(api: FakeApi, place: Path) -> None:
    file = place / "export.json"
    file.write_text('[{"memory": "a", "user_id": 7.0}, {"memory": "b", "run_id": true}, {"memory": "c"}]')
    api.plan("POST", "/import", outcomes("imported"))
    run(api, "file", str(file))
    assert [memory["user_id"] for memory in api.requests[0].body["memories"]] == ["7"]
    report = place / "scrubjay-import.missing.jsonl"
    reasons = [json.loads(line)["not_imported"] for line in report.read_text().splitlines()]
    nobody = "it names no owner: at least one of user_id, agent_id, run_id, app_id is needed"
    assert reasons == ["run_id must be text, an integer or a UUID", nobody]


def test_a_request_that_is_too_large_is_sent_in_halves(api: FakeApi, place: Path) -> None:
    api.plan("POST", "/import", {"detail": "The body is too large.", "error": "too_large"}, 413)
    api.plan("POST", "/import", outcomes("imported"))
    result = run(api, "file", export(place, 2), "--json")
    assert json.loads(result.stdout)["imported"] == 2
    assert texts(api) == [["text 0", "text 1"], ["text 0"], ["text 1"]]


def test_what_was_busy_is_sent_again(api: FakeApi, place: Path) -> None:
    api.plan("POST", "/import", outcomes("imported", "busy"))
    api.plan("POST", "/import", outcomes("imported"))
    assert json.loads(run(api, "file", export(place, 2), "--json").stdout)["imported"] == 2
    assert texts(api) == [["text 0", "text 1"], ["text 1"]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["qdrant"], "--path for a store in local mode, or --from for a Qdrant server"),
        (["qdrant", "--path", "."], "holds no Qdrant store in local mode"),
        (["file", "export.json", "--zone", "Mars"], "--zone Mars is not known"),
        (["file", "export.json", "--report", "./export.json"], "would be written over by the report"),
        (["file", "none.json"], "does not exist"),
        (["file", "text.json"], "text.json is not JSON"),
    ],
)
def test_a_command_that_cannot_be_is_refused_with_what_would_be_right(
    api: FakeApi, place: Path, arguments: list[str], sentence: str
) -> None:
    export(place, 1)
    (place / "text.json").write_text("no JSON")
    result = run(api, *arguments)
    assert (result.exit_code, api.requests) == (2, [])
    assert sentence in " ".join(result.stderr.replace("│", " ").split())


def test_files_with_people_s_words_are_for_the_caller_alone(place: Path) -> None:
    for name in ("new", "old"):
        file = place / name
        if name == "old":
            file.write_text("longer than what is written now")
            file.chmod(0o644)
        with open_private(file) as target:
            target.truncate()
            target.write(b"words")
        assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"words", 0o600)
    (place / "link").symlink_to(place / "old")
    with pytest.raises(OSError, match="symbolic link"):
        open_private(place / "link")
