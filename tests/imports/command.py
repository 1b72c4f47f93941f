"""`scrubjay import qdrant` as a process, run to its end or interrupted in the midst."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.imports.theirs import COLLECTION
from tests.support import wait_until

_INTERRUPTED = 130
_BEGUN = 0.3  # of the memories: from then on it is interrupted


class Command:
    """The command, always the same.

    Args:
        url: of the server.
        data: a directory with the collection in `qdrant`; takes state and report.
        batch: memories a request.
    """

    def __init__(self, url: str, data: Path, batch: int) -> None:
        self._state = data / "import.state.json"
        self._command = [
            sys.executable, "-m", "scrubjay.cli", "import", "qdrant", "--path", str(data / "qdrant"),
            "--collection", COLLECTION, "--url", url, "--state", str(self._state),
            "--report", str(data / "missing.jsonl"), "--batch", str(batch), "--json",
        ]  # fmt: skip

    def finished(self) -> tuple[dict[str, Any], float]:
        """Run it to its end; returns what it says and the seconds."""
        start = perf_counter()
        done = subprocess.run(self._command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report, perf_counter() - start

    def interrupted(self, total: int) -> tuple[dict[str, Any], float]:
        """Run it until a part is done, and interrupt it; returns what it has kept and the seconds."""
        start = perf_counter()
        with subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts
        ) as process:
            try:
                asyncio.run(wait_until(lambda: self._done() >= _BEGUN * total, deadline_seconds=600, what="a part"))
                os.kill(process.pid, signal.SIGINT)
                _, stderr = process.communicate(timeout=60)
            finally:
                process.kill()  # does nothing to one that has ended
        assert process.returncode == _INTERRUPTED, stderr
        assert "Run the same command again to go on" in stderr
        kept: dict[str, Any] = json.loads(self._state.read_text())["counts"]
        return kept, perf_counter() - start

    def _done(self) -> int:
        if not self._state.exists():
            return 0
        return sum(json.loads(self._state.read_text())["counts"][name] for name in ("imported", "there"))


def _heed_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
