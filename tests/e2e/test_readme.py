"""The example of the README, pasted as it stands."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.docs.pages import ROOT, blocks
from tests.running import Running


def test_the_example_of_the_readme_remembers_finds_and_forgets(stack: Running) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (example,) = [code for code in blocks((ROOT / "README.md").read_text("utf-8"), "sh") if "curl" in code]
    script = example.replace("localhost:8000", stack.url.removeprefix("http://"))

    def paste() -> tuple[dict[str, Any], dict[str, Any]]:
        ended = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True)
        search, _, receipt = ended.stdout.partition("}{")
        return json.loads(search + "}"), json.loads("{" + receipt)

    answer, receipt = paste()
    if answer["pending"]:  # a busy machine may take longer than a search waits
        answer, receipt = paste()
    assert answer["pending"] == 0
    assert answer["results"][0]["memory"] == "I am building a SaaS product in Laravel"
    assert receipt["verified"]
    assert receipt["memories"] == 2
