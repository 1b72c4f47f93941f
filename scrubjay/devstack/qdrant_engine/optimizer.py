"""`python -m scrubjay.devstack.qdrant_engine.optimizer SHARD`: optimize a shard that nobody else has open."""

import ctypes
import os
import signal
import sys
from pathlib import Path

import qdrant_edge as engine

_PR_SET_PDEATHSIG = 1
_LOWEST_PRIORITY = 19
OPTIMIZED = 0
NOTHING_TO_DO = 3


def main(path: str) -> int:
    """Optimize the shard at `path` with what the processor has to spare; return OPTIMIZED or NOTHING_TO_DO."""
    os.nice(_LOWEST_PRIORITY)
    if sys.platform == "linux":
        # Without its server the result is of no use, so the kernel ends this process with its parent.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    shard = engine.EdgeShard.load(path)
    if not shard.optimize():
        return NOTHING_TO_DO
    shard.close()
    _force_to_disk(Path(path))
    return OPTIMIZED


def _force_to_disk(directory: Path) -> None:
    # Here this costs nobody anything; the server's own flush, which holds up its requests, then finds little to do.
    for file in directory.rglob("*"):
        if file.is_file():
            with file.open("rb") as content:
                os.fsync(content.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
