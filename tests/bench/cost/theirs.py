"""mem0ai's side: the package in a virtual environment of its own, with the same turns and the same model server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.bench.cost.conversations import Conversation, turns_of
from tests.bench.cost.figures import Replay
from tests.model_server.control import ModelServer

VERSION = "2.2.1"
_DRIVER = Path(__file__).with_name("mem0_driver.py")
_INSTALL_SECONDS = 600


@dataclass(frozen=True)
class Theirs:
    """The package, ready to be run.

    Args:
        python: of an environment that holds mem0ai.
        model: the scripted server.
        dimension: length of the server's embeddings.
    """

    python: Path
    model: ModelServer
    dimension: int

    def replay(
        self, conversations: Sequence[Conversation], burst: int, data: Path, tick: Callable[[int], None]
    ) -> Replay:
        """Add every turn: one by one, or the messages of so many turns in one `add`.

        Args:
            conversations: each becomes one user of its own.
            burst: how many turns one `add` is given.
            data: an empty directory, for its vectors and its history.
            tick: told how many turns were added.

        Raises SystemExit with what it said when it fails.
        """
        job = data / "job.json"
        job.write_text(json.dumps({"config": self._config(data), "adds": _adds(conversations, burst)}))
        self.model.reset()
        start = perf_counter()
        first, *rest = self._run(job, data, tick)
        mode = "turn by turn" if burst == 1 else f"{burst} turns an add"
        return Replay(
            f"mem0ai {first['version']}",
            mode,
            turns_of(conversations),
            sum(added["memories"] for added in rest),
            perf_counter() - start,
            self.model.counts().traffic,
            {"additive_extraction": first["template"]},
        )

    def _run(self, job: Path, data: Path, tick: Callable[[int], None]) -> list[dict[str, Any]]:
        stderr_file = data / "stderr"
        with stderr_file.open("w") as stderr:
            process = subprocess.Popen(
                [self.python, _DRIVER, job], stdout=subprocess.PIPE, stderr=stderr, text=True, env=_alone(data)
            )
        lines: list[dict[str, Any]] = []
        with process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    lines.append(json.loads(line))
                    tick(lines[-1].get("turns", 0))
                process.wait()
            finally:
                process.kill()  # does nothing to one that has ended
        if process.returncode:
            raise SystemExit(f"mem0ai stopped with status {process.returncode}:\n{stderr_file.read_text()[-2_000:]}")
        return lines

    def _config(self, data: Path) -> dict[str, object]:
        endpoint = {"openai_base_url": self.model.base_url, "api_key": "scripted"}
        store = {"path": str(data / "qdrant"), "embedding_model_dims": self.dimension}
        return {
            "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini", **endpoint}},
            "embedder": {
                "provider": "openai",
                "config": {"model": "text-embedding-3-small", "embedding_dims": self.dimension, **endpoint},
            },
            "vector_store": {"provider": "qdrant", "config": {"collection_name": "cost", "on_disk": True, **store}},
            "history_db_path": str(data / "history.db"),
        }


def install(place: Path) -> Path:
    """Make a virtual environment with mem0ai in it, and return its Python. Raises SystemExit with pip's complaint."""
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-input", f"mem0ai=={VERSION}"]
    for command in ([sys.executable, "-m", "venv", "--without-pip", str(place)], pip):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
        if done.returncode:
            complaint = done.stderr[-1_000:]
            raise SystemExit(f"mem0ai {VERSION} cannot be installed; --no-mem0 leaves it out.\n{complaint}")
    return python


def _adds(conversations: Sequence[Conversation], burst: int) -> list[dict[str, object]]:
    return [
        {
            "user_id": conversation.name,
            "turns": len(turns),
            "messages": [message for turn in turns for message in turn.messages],
        }
        for conversation in conversations
        for turns in conversation.bursts(burst)
    ]


def _alone(data: Path) -> dict[str, str]:
    """An environment in which it calls nobody but the scripted server and writes nowhere but into its directory."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
    here = {"HOME": str(data), "MEM0_DIR": str(data / "mem0"), "TMPDIR": str(data)}
    return {**kept, **here, "MEM0_TELEMETRY": "False", "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
