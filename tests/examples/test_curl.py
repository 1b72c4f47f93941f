"""The example in curl, as its first lines say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running import OPERATOR_KEY, Running

SCRIPT = Path(__file__).parents[2] / "examples" / "curl.sh"


def run(url: str, key: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    env = {**os.environ, "SCRUBJAY_URL": url, "SCRUBJAY_KEY": key}
    return subprocess.run(["sh", str(SCRIPT)], capture_output=True, text=True, check=False, env=env)


def test_a_memory_is_told_found_corrected_traced_and_forgotten_with_a_receipt_that_holds(keyed: Running) -> None:
    ended = run(keyed.url, OPERATOR_KEY)
    assert (ended.returncode, ended.stderr) == (0, "")
    answers: list[Any] = [json.loads(line) for line in ended.stdout.splitlines() if line[0] in "[{"]
    answer, turn, corrected, history, receipt, checked = answers
    [memory] = answer["results"]
    assert "Lisbon" in memory["memory"]
    assert turn["status"] == "settled"
    assert corrected["memory"] == "Lives in Porto"
    assert [version["memory"] for version in history] == [memory["memory"], "Lives in Porto"]
    assert receipt["verified"]
    assert (checked["signature"], checked["owner"], set(checked["left"].values())) == (True, True, {0}), checked


def test_a_refusal_ends_it_with_the_servers_own_sentence(keyed: Running) -> None:
    ended = run(keyed.url, "a wrong key")
    assert ended.returncode != 0
    assert "POST /turns" in ended.stderr
    assert '"error":"unauthorized"' in ended.stderr
