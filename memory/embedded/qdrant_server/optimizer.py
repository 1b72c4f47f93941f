"""`python -m memory.embedded.qdrant_server.optimizer SHARD`: optimize a shard that nobody else has open."""

import ctypes
import os
import signal
import sys

import qdrant_edge as engine

_PR_SET_PDEATHSIG = 1
_LOWEST_PRIORITY = 19


def main(path: str) -> None:
    """Optimize the shard at `path` with what the processor has to spare."""
    os.nice(_LOWEST_PRIORITY)
    if sys.platform == "linux":
        # Without its server the result is of no use, so the kernel ends this process with its parent.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    shard = engine.EdgeShard.load(path)
    shard.optimize()
    shard.close()


if __name__ == "__main__":
    main(sys.argv[1])
