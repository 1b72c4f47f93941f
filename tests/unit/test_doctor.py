"""The doctor of an address where no Scrubjay answers, or none that is well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from scrubjay.cli.app import app
from tests.unit.fake_api import fake_api

READY = {
    "status": "ready", "extractor": "offline-1", "embedder": "minilm",
    "parts": {"redis": {"ok": True, "reason": None, "since": None}},
}  # fmt: skip
_JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (502, "<html>Bad gateway</html>", {"Content_Type": "text/html"}),
        (404, {"detail": "Not Found"}, {}),
        (503, {"detail": "Service Unavailable"}, {}),
        (401, {"detail": "no", "error": "unauthorized"}, {}),
        (200, "", {}),
        (200, "", _JSON),
        (200, "{", _JSON),
        (200, [], {}),
        (200, {"status": "ok"}, {}),
        (200, {"status": "ready", "parts": []}, {}),
        (200, {"status": ["ready"]}, {}),
    ],
)
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_where_no_scrubjay_answers_the_doctor_fails_and_says_so(
    status: int, body: Any, headers: dict[str, str], more: list[str]
) -> None:
    with fake_api() as api:
        api.plan("GET", "/health/ready", body, status, **headers)
        api.plan("GET", "/metrics", "")
        result = CliRunner().invoke(app, ["doctor", *more], env={"SCRUBJAY_URL": api.url, "COLUMNS": "200"})
        assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.stdout
        assert f"{api.url} does not answer like Scrubjay (HTTP {status})" in result.stdout
        if more:
            assert json.loads(result.stdout)["well"] is False


@pytest.mark.parametrize(
    "metrics", [{"a": 1}, "{", "scrubjay_turns 1\n", 'scrubjay_turns{tenant="t",state="lost"} 1\n', "<html>no</html>"]
)
def test_metrics_that_are_none_are_a_problem_and_no_traceback(metrics: Any) -> None:
    with fake_api() as api:
        api.plan("GET", "/health/ready", READY)
        api.plan("GET", "/metrics", metrics)
        result = CliRunner().invoke(app, ["doctor"], env={"SCRUBJAY_URL": api.url, "COLUMNS": "200"})
        assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.stdout
        assert "What /metrics answers are not the metrics of Scrubjay" in result.stdout
