"""`scrubjay dead` and the history of a turn, against an API that answers as it was told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.unit.fake_api import FakeApi, fake_api
from tests.unit.test_cli import TURN, page, run

AT = "2026-03-01T12:00:00Z"
LOST = {"what": "worker_lost", "at": AT, "last_at": AT, "times": 1, "turns": 3, "error": None, "attempt": 1}
AWAY = {"what": "postponed", "at": AT, "last_at": "2026-03-01T12:34:56Z", "times": 40, "turns": 3,
        "error": "The model is away.", "attempt": 2}  # fmt: skip
DEAD = {
    **TURN, "status": "dead", "error": "bad_answer: no JSON", "user_id": "alice", "history": [LOST, AWAY],
    "counts": {"failed": 2, "postponed": 40, "worker_lost": 1, "replayed": 0},
}  # fmt: skip


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        yield running


def test_dead_letters_are_listed_with_whose_they_are_and_how_often_what_went_wrong(api: FakeApi) -> None:
    api.plan("GET", "/dead", page(DEAD))
    output = run(api, "dead", "list").stdout
    assert "user alice" in output
    assert "failed 2 x, postponed 40 x, worker lost 1 x" in output


def test_a_turn_is_shown_with_its_history(api: FakeApi) -> None:
    api.plan("GET", f"/turns/{TURN['id']}", DEAD)
    output = run(api, "turns", str(TURN["id"])).stdout
    assert "worker lost" in output
    assert "40 until 2026-03-01 12:34:56" in output
    assert "The model is away." in output


def test_every_filter_reaches_the_server(api: FakeApi) -> None:
    api.plan("GET", "/dead", page())
    api.plan("POST", "/dead/replay", {"count": 0})
    options = ["--error", "bad_answer", "--user", "u", "--agent", "a", "--run", "r", "--after", AT, "--before", AT]
    run(api, "dead", "list", *options)
    assert run(api, "dead", "replay", *options).exit_code == 0
    time = "2026-03-01T12:00:00+00:00"
    filters = {"error": "bad_answer", "user_id": "u", "agent_id": "a", "run_id": "r", "accepted_after": time,
             "accepted_before": time}  # fmt: skip
    assert api.requests[-1].body == filters
    query = httpx.URL(api.requests[0].path).params
    assert {name: query[name] for name in filters} == filters


def test_a_replay_tells_how_many_stay_dead_and_why(api: FakeApi) -> None:
    reason = "too many turns of this tenant are waiting"
    api.plan("POST", "/dead/replay", {"count": 2, "left": 7, "reason": reason})
    output = " ".join(run(api, "dead", "replay", "--all").stdout.split())
    assert output.startswith(f"2 replayed. 7 stay dead: {reason}.")
    assert json.loads(run(api, "dead", "replay", "--all", "--json").stdout) == {
        "count": 2, "left": 7, "reason": reason,
    }  # fmt: skip


def test_all_is_said_on_purpose(api: FakeApi) -> None:
    api.plan("POST", "/dead/discard", {"count": 3})
    assert "every dead turn?" in run(api, "dead", "discard", "--all", answer="n\n").stdout
    assert api.requests == []
    assert "3 discarded" in run(api, "dead", "discard", "--all", "--yes").stdout
    assert api.requests[-1].body == {"all": True}


def test_a_dry_run_of_a_replay_is_a_table_of_what_would_change(api: FakeApi) -> None:
    changes = [{"event": "UPDATE", "memory": "Lives in Lisbon", "previous": "Lives in Berlin"}]
    tried = {"user_id": "alice", "accepted_at": AT, "died_of": "bad_answer: no JSON"}
    results = [
        {**tried, "id": "t1", "events": changes, "into_history": ["Lived in Rome"], "error": None},
        {**tried, "id": "t2", "events": [], "error": "bad_answer: still no JSON"},
        {**tried, "id": "t3", "events": [], "error": None},
    ]
    api.plan("POST", "/dead/replay", {"count": 9, "dry_run": True, "untried": 6, "results": results})
    result = run(api, "dead", "replay", "--user", "alice", "--dry-run", "--limit", "3")
    assert api.requests[-1].body == {"user_id": "alice", "dry_run": True, "limit": 3}
    for expected in (
        "Lives in Lisbon", "Lives in Berlin", "enter the history", "Lived in Rome", "fail again", "still no JSON",
        "change nothing", "over 9 dead turns: nothing was changed. 6 of them were not tried",
    ):  # fmt: skip
        assert expected in result.stdout


def test_a_turn_is_discarded_only_on_purpose(api: FakeApi) -> None:
    api.plan("DELETE", f"/turns/{TURN['id']}", {"id": TURN["id"], "status": "erased"})
    assert "Its text is lost." in run(api, "turns", str(TURN["id"]), "--discard", answer="n\n").stdout
    assert api.requests == []
    assert "discarded" in run(api, "turns", str(TURN["id"]), "--discard", "--yes").stdout
    assert run(api, "turns", "--discard", "--yes").exit_code == 2
