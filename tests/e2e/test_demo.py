"""`scrubjay demo`, the real command, on a short piece of the conversation."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.running import without_endpoint
from tests.support import wait_until

DEMO = [sys.executable, "-m", "scrubjay.cli", "demo", "--sessions", "10"]


def environment(folder: Path) -> dict[str, str]:
    return without_endpoint({"TMPDIR": str(folder)})


def test_the_demo_remembers_a_conversation_answers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = subprocess.run(DEMO, capture_output=True, text=True, timeout=110, check=False, env=environment(tmp_path))
    assert demo.returncode == 0, demo.stdout + demo.stderr
    shown = demo.stdout
    assert "extractor: offline" in shown
    assert "settled 34 of 34 turns" in shown
    assert re.search(r"34 turns posted in .*; [1-9]\d* memories kept", shown)
    assert re.search(r"1 questions: for [01] a memory from a session", shown)
    context = shown.partition("What you remember about this user:")[2]
    assert "Laravel" in context
    assert "small clinics" in context
    assert "No model is configured" in context
    assert os.listdir(tmp_path) == []


async def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        *DEMO, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(tmp_path)
    )
    await wait_until(lambda: list(tmp_path.glob("*/run/worker-2.pid")), what="the workers being started")
    demo.send_signal(signal.SIGTERM)
    _, output = await demo.communicate()
    assert demo.returncode == 130
    assert output == b"The demo was interrupted.\n"
    assert os.listdir(tmp_path) == []
