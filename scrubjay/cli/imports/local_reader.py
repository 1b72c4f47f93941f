"""Reads a Qdrant store in local mode for `scrubjay import`, without the keys of its caller and in bounded memory."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
from contextlib import ExitStack
from math import ceil
from pathlib import Path

from scrubjay.cli.imports.local_store import LocalStore
from scrubjay.cli.imports.reading import Job, serve

_MOST_MEMORY_BYTES = 2**31
_BYTES_A_SECOND = 1_000_000  # a tenth of what a slow machine reads
_BLOCK_BYTES = 512  # as stat counts them


def _opened(job: Job, closing: ExitStack) -> LocalStore:
    path = Path(job.path or "")
    _limit_time(path / "collection" / job.collection / "storage.sqlite", job.cpu_seconds)
    return LocalStore(path, job.collection, os.geteuid(), closing)


def _limit_time(database: Path, least: int) -> None:
    """End this process (SIGXCPU) when it computes for too long: a pickle of some bytes can ask for years of it."""
    try:
        size = database.stat().st_blocks * _BLOCK_BYTES  # holes in the file take no time to read
    except OSError:
        size = 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = ceil(used.ru_utime + used.ru_stime) + least + size // _BYTES_A_SECOND
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main() -> None:
    """Read what the job on stdin says."""
    if sys.platform == "linux":  # a pickle of some bytes can ask for any amount of memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _MOST_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    serve(_opened, (OSError, ValueError, sqlite3.Error))


if __name__ == "__main__":
    main()
