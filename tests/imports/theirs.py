"""Has Mem0's library write its memories into a Qdrant collection in local mode, and takes down what it says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.model_server.control import running as model_server

DIMENSION = 64  # of the vectors in Mem0's collection: nobody reads them
COLLECTION = "mem0"
_ROOT = Path(__file__).parents[2]


def written(count: int, data: Path, tick: Callable[[int], None]) -> list[dict[str, Any]]:
    """Write so many memories, and return every one as Mem0's `get_all` answers it.

    Args:
        count: how many.
        data: an empty directory; the store is in `qdrant` then.
        tick: told how many more were written.

    Raises RuntimeError with what the library said when it fails.
    """
    with model_server(dimension=DIMENSION) as model:
        job = {"count": count, "config": _config(data, model.base_url)}
        stderr_file = data / "mem0.stderr"
        with stderr_file.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.imports.mem0_writer"],
                cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True, env=_alone(data),
            )  # fmt: skip
        with process:
            try:
                memories = _heard(process, job, tick)
                process.wait()
            finally:
                process.kill()  # does nothing to one that has ended
    if process.returncode or memories is None:
        raise RuntimeError(f"mem0ai stopped with status {process.returncode}:\n{stderr_file.read_text()[-2_000:]}")
    return memories


def _heard(
    process: subprocess.Popen[str], job: dict[str, Any], tick: Callable[[int], None]
) -> list[dict[str, Any]] | None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    memories = None
    for line in process.stdout:
        event = json.loads(line)
        tick(event.get("added", 0))
        memories = event.get("memories", memories)
    return memories


def _config(data: Path, endpoint: str) -> dict[str, object]:
    model = {"openai_base_url": endpoint, "api_key": "scripted"}
    store = {"collection_name": COLLECTION, "embedding_model_dims": DIMENSION, "on_disk": True}
    embedder = {"model": "text-embedding-3-small", "embedding_dims": DIMENSION}
    return {
        "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini", **model}},
        "embedder": {"provider": "openai", "config": {**embedder, **model}},
        "vector_store": {"provider": "qdrant", "config": {**store, "path": str(data / "qdrant")}},
        "history_db_path": str(data / "history.db"),
    }


def _alone(data: Path) -> dict[str, str]:
    """An environment in which it calls nobody but the scripted server and writes nowhere but into its directory."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")}
    here = {"HOME": str(data), "MEM0_DIR": str(data / "mem0"), "TMPDIR": str(data)}
    return {**kept, **here, "MEM0_TELEMETRY": "False", "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
