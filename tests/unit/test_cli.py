"""The commands: what they ask the server for and what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from scrubjay.cli.app import app
from tests.support import free_port
from tests.unit.fake_api import FakeApi, fake_api

TIME = "2026-03-26T09:00:00.000001Z"
MEMORY = {
    "id": "m1", "memory": "User builds a SaaS [in Laravel]", "score": 0.8312, "categories": ["project"],
    "metadata": {}, "user_id": "alice", "agent_id": None, "run_id": "s1", "created_at": TIME, "updated_at": TIME,
}  # fmt: skip
TURN = {
    "id": "t1", "status": "settled", "attempts": 1, "error": None, "accepted_at": TIME, "settled_at": TIME,
    "events": [{"event": "UPDATE", "id": "m1", "memory": "User likes tea", "previous": "User likes coffee"}],
}  # fmt: skip
RECEIPT = {"tenant": "default", "erased_at": TIME, "watermark": 7, "turns": 3, "memories": 7, "verified": True}
READY = {
    "status": "ready", "extractor": "offline-1", "embedder": "minilm",
    "parts": {name: {"ok": True, "reason": None, "since": None} for name in ("redis", "store")},
}  # fmt: skip


def page(*results: dict[str, Any], next_page: str | None = None) -> dict[str, Any]:
    return {"count": len(results), "next": next_page, "previous": None, "results": list(results)}


def ledger_metrics(settled: int) -> str:
    states = {"accepted": 5, "settled": settled, "waiting": 0, "dead": 1, "erased": 0}
    lines = [f'scrubjay_turns{{tenant="default",state="{state}"}} {count}' for state, count in states.items()]
    return "\n".join(["# TYPE scrubjay_turns gauge", *lines, ""])


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


def run(api: FakeApi, *arguments: str, answer: str | None = None) -> Result:
    settings = {"SCRUBJAY_URL": api.url, "COLUMNS": "200"}
    return CliRunner().invoke(app, list(arguments), input=answer, env=settings)


def test_search_shows_memories_as_they_were_written(api: FakeApi) -> None:
    api.plan("POST", "/search", {"results": [MEMORY], "pending": 1})
    result = run(api, "search", "what do they build?", "--user", "alice")
    assert result.exit_code == 0
    assert "0.83" in result.stdout
    assert "User builds a SaaS [in Laravel]" in result.stdout
    assert "1 turns of this owner are not settled yet" in result.stdout


def test_search_in_json_is_what_the_server_said(api: FakeApi) -> None:
    api.plan("POST", "/search", {"results": [MEMORY], "pending": 0})
    result = run(api, "search", "x", "--user", "alice", "--json")
    assert json.loads(result.stdout)["results"][0]["memory"] == MEMORY["memory"]


@pytest.mark.parametrize("command", [["search", "x"], ["memories", "list"]])
def test_a_filter_is_handed_on_and_may_name_the_owner(api: FakeApi, command: list[str]) -> None:
    api.plan("POST", "/search", {"results": [MEMORY], "pending": 0})
    api.plan("GET", "/memories", page(MEMORY))
    assert run(api, *command, "--filter", '{"user_id": "alice"}').exit_code == 0
    body = api.requests[0].body or {"filters": json.loads(parse_qs(urlsplit(api.requests[0].path).query)["filters"][0])}
    assert body["filters"] == {"user_id": "alice"}


@pytest.mark.parametrize(("text", "sentence"), [("{", "is not valid JSON"), ("[]", "takes a JSON object")])
def test_a_filter_that_is_none_is_refused_before_anything_is_sent(api: FakeApi, text: str, sentence: str) -> None:
    result = run(api, "search", "x", "--user", "alice", "--filter", text)
    assert (result.exit_code, api.requests) == (2, [])
    assert f"--filter {sentence}" in result.stderr


@pytest.mark.parametrize("command", [["search", "x"], ["memories", "list"], ["forget", "--yes"]])
def test_a_command_about_an_owner_asks_whose(api: FakeApi, command: list[str]) -> None:
    result = run(api, *command)
    assert result.exit_code == 2
    assert "give at least one of --user, --agent, --run and --app" in result.stderr
    assert api.requests == []


def test_the_key_goes_along(api: FakeApi) -> None:
    api.plan("GET", "/turns", page(TURN))
    run(api, "turns", "--key", "sj-1")
    assert api.requests[0].headers["Authorization"] == "Bearer sj-1"


def test_turns_lists_by_status_and_user_and_names_the_next_page(api: FakeApi) -> None:
    api.plan("GET", "/turns", page(TURN, next_page="/turns?page=2"))
    result = run(api, "turns", "--status", "settled", "--user", "alice")
    assert api.requests[0].path == "/turns?status=settled&user_id=alice&page=1&page_size=20"
    assert "t1" in result.stdout
    assert "--page 2" in result.stdout


def test_one_turn_is_shown_with_what_it_did(api: FakeApi) -> None:
    api.plan("GET", "/turns/t1", TURN)
    result = run(api, "turns", "t1")
    assert "UPDATE" in result.stdout
    assert "User likes coffee" in result.stdout


def test_a_refusal_is_the_servers_sentence_and_exit_status_1(api: FakeApi) -> None:
    api.plan("GET", "/turns/t9", {"detail": "There is no turn t9.", "error": "not_found"}, 404)
    result = run(api, "turns", "t9")
    assert (result.exit_code, result.stderr) == (1, "There is no turn t9.\n")


def test_without_a_server_one_sentence_says_what_to_run() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = CliRunner().invoke(app, ["turns", "--url", url])
    assert result.exit_code == 1
    assert result.stderr == (f"Nobody answers at {url}. Start a server with `scrubjay up`, or name one with --url.\n")


def test_memories_can_be_listed_looked_at_corrected_and_traced(api: FakeApi) -> None:
    api.plan("GET", "/memories", page(MEMORY))
    api.plan("GET", "/memories/m1", MEMORY)
    api.plan("PUT", "/memories/m1", MEMORY)
    api.plan("GET", "/memories/m1/history", [{"version": 1, "memory": "User builds a shop"}])
    for arguments in (["list", "--user", "alice"], ["get", "m1"], ["update", "m1", "x"]):
        assert "User builds a SaaS [in Laravel]" in run(api, "memories", *arguments).stdout
    assert "User builds a shop" in run(api, "memories", "history", "m1").stdout
    assert [request.body for request in api.requests if request.method == "PUT"] == [{"text": "x"}]


def test_nothing_is_deleted_without_a_yes(api: FakeApi) -> None:
    result = run(api, "memories", "delete", "m1", answer="n\n")
    assert result.exit_code == 1
    assert api.requests == []


def test_forgetting_asks_first_and_shows_the_receipt(api: FakeApi) -> None:
    api.plan("DELETE", "/memories", RECEIPT)
    assert run(api, "forget", "--user", "alice", answer="n\n").exit_code == 1
    assert api.requests == []
    result = run(api, "forget", "--user", "alice", answer="y\n")
    assert result.exit_code == 0
    assert api.requests[0].path == "/memories?user_id=alice"
    assert "7" in result.stdout


def test_an_erase_that_left_something_behind_is_no_success(api: FakeApi) -> None:
    api.plan("DELETE", "/memories", {**RECEIPT, "verified": False})
    assert run(api, "forget", "--user", "alice", "--yes").exit_code == 1


def test_an_erase_of_an_owner_who_was_never_there_says_so(api: FakeApi) -> None:
    api.plan("DELETE", "/memories", {**RECEIPT, "known": False})
    result = run(api, "forget", "--user", "alcie", "--yes")
    assert "Nothing was found of user_id alcie. Check the ids" in " ".join(result.stderr.split())


def test_dead_turns_are_listed_with_their_error(api: FakeApi) -> None:
    api.plan("GET", "/dead", page({**TURN, "status": "dead", "error": "bad_answer: no JSON"}))
    assert "bad_answer: no JSON" in run(api, "dead", "list").stdout


def test_dead_turns_are_replayed_by_error_or_by_id(api: FakeApi) -> None:
    api.plan("POST", "/dead/replay", {"count": 4})
    assert "4 replayed" in run(api, "dead", "replay", "--error", "bad_answer").stdout
    run(api, "dead", "replay", "t1", "t2")
    assert [request.body for request in api.requests] == [{"error": "bad_answer"}, {"ids": ["t1", "t2"]}]


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all", "t1"], ["--all", "--error", "bad_answer"], ["t1", "--limit", "5"], ["--before", "2026-03-01"]],
)
def test_dead_turns_are_named_or_all_are_meant(api: FakeApi, arguments: list[str]) -> None:
    assert run(api, "dead", "discard", "--yes", *arguments).exit_code == 2
    assert api.requests == []


def test_doctor_shows_parts_and_ledgers(api: FakeApi) -> None:
    api.plan("GET", "/health/ready", READY)
    api.plan("GET", "/metrics", ledger_metrics(settled=4))
    result = run(api, "doctor")
    assert result.exit_code == 0
    assert "offline-1" in result.stdout


def test_doctor_says_which_right_the_user_of_redis_lacks_and_counts_it_as_no_fault(api: FakeApi) -> None:
    api.plan("GET", "/health/ready", READY)
    inbox = "scrubjay_backlog 0\nscrubjay_backlog_limit 10\n"
    api.plan("GET", "/metrics", f"{ledger_metrics(settled=4)}{inbox}")
    result = run(api, "doctor")
    assert result.exit_code == 0
    assert "the Redis user may not run INFO" in result.stdout
    assert "the Redis user may not run CONFIG GET" in result.stdout


def test_doctor_fails_when_a_ledger_does_not_balance(api: FakeApi) -> None:
    api.plan("GET", "/health/ready", READY)
    api.plan("GET", "/metrics", ledger_metrics(settled=3))
    result = run(api, "doctor")
    assert result.exit_code == 1
    assert "NO" in result.stdout


def test_doctor_fails_for_a_service_that_is_degraded_and_names_the_part(api: FakeApi) -> None:
    away = {"ok": False, "reason": "Qdrant is away.", "since": TIME}
    parts = {**READY["parts"], "store": away}  # type: ignore[dict-item]
    api.plan("GET", "/health/ready", {**READY, "status": "degraded", "parts": parts})
    api.plan("GET", "/metrics", ledger_metrics(settled=4))
    result = run(api, "doctor")
    assert result.exit_code == 1
    assert "store does not work since 2026-03-26 09:00:00 UTC (Qdrant is away)" in result.stdout


def test_doctor_without_a_key_says_that_it_needs_one(api: FakeApi) -> None:
    api.plan("GET", "/health/ready", {"status": "unready"}, 503)
    api.plan("GET", "/metrics", {"detail": "send your key", "error": "unauthorized"}, 401)
    result = run(api, "doctor")
    assert result.exit_code == 1
    assert "give one with --key" in result.stdout


def test_what_a_part_cannot_do_is_a_warning_and_no_failure(api: FakeApi) -> None:
    limited = {"ok": True, "reason": None, "since": None, "limits": ["Qdrant 1.18 has no substring filters."]}
    parts = {**READY["parts"], "store": limited}  # type: ignore[dict-item]
    api.plan("GET", "/health/ready", {**READY, "parts": parts})
    api.plan("GET", "/metrics", ledger_metrics(settled=4))
    result = run(api, "doctor")
    assert result.exit_code == 0
    assert "store: Qdrant 1.18 has no substring filters." in result.stdout


@pytest.mark.parametrize(("more", "status"), [([], 1), (["--due-seconds", "600"], 0)])
def test_doctor_judges_the_queue_by_the_thresholds_it_is_given(api: FakeApi, more: list[str], status: int) -> None:
    lanes = {"ok": False, "reason": "The oldest due turn has waited for more than 60 seconds.", "since": TIME}
    parts = {**READY["parts"], "lanes": lanes}  # type: ignore[dict-item]
    api.plan("GET", "/health/ready", {**READY, "status": "degraded", "parts": parts})
    figures = "scrubjay_lanes_awake 4\nscrubjay_lanes_backing_off 0\nscrubjay_oldest_due_seconds 90\n"
    api.plan("GET", "/metrics", ledger_metrics(settled=4) + figures)
    result = run(api, "doctor", *more)
    assert result.exit_code == status, result.stdout
    assert ("the oldest due turn is due for 90 s" in result.stdout) == bool(status)


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "demo",
        "doctor",
        "turns",
        "search",
        "forget",
        "export",
        "receipts list",
        "memories list",
        "dead replay",
        "dead discard",
    ],
)
def test_every_command_says_what_it_does_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert f"scrubjay {command}" in result.stdout
    assert "Example" in result.stdout


def test_guidance_changes_only_the_parts_that_are_given(api: FakeApi) -> None:
    stands = {
        "custom_instructions": "In verse.",
        "includes": None,
        "excludes": None,
        "custom_categories": {"pet": "animals"},
    }
    api.plan("GET", "/guidance", stands)
    api.plan("PUT", "/guidance", {**stands, "excludes": "health"})
    result = run(api, "guidance", "--excludes", "health")
    assert result.exit_code == 0
    kept = {"custom_instructions": "In verse.", "custom_categories": {"pet": "animals"}}
    assert api.requests[-1].body == {**kept, "excludes": "health"}
    assert "In verse." in result.stdout
    assert "category pet" in result.stdout
    run(api, "guidance", "--instructions", "", "--category", "hobby=done for fun")
    assert api.requests[-1].body == {"custom_categories": {"hobby": "done for fun"}}
    assert run(api, "guidance", "--category", "=nameless").exit_code == 2
