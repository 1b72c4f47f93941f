"""Reads a Qdrant store in local mode for `turnstone import`, without the keys of its caller and in bounded memory."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
from contextlib import ExitStack
from pathlib import Path

from memory.cli.imports.local_store import LocalStore
from memory.cli.imports.reading import Job, serve

_MOST_MEMORY_BYTES = 2**31


def _opened(job: Job, closing: ExitStack) -> LocalStore:
    return LocalStore(Path(job.path or ""), job.collection, os.geteuid(), closing)


def main() -> None:
    """Read what the job on stdin says."""
    if sys.platform == "linux":  # a pickle of some bytes can ask for any amount of memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _MOST_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    serve(_opened, (OSError, ValueError, sqlite3.Error))


if __name__ == "__main__":
    main()
