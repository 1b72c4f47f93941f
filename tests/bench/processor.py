"""What processes take of the processor."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic


def busy_seconds(pid: int) -> float:
    """What a process has used of the processor."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Processor:
    """What processes use of one core from now on.

    Args:
        pids: of the processes, by name.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._begun = monotonic()
        self._before = self._seconds()

    def shares(self) -> dict[str, float]:
        """The share of one core that each process has used until now."""
        passed = monotonic() - self._begun
        return {name: (busy - self._before[name]) / passed for name, busy in self._seconds().items()}

    def _seconds(self) -> dict[str, float]:
        return {name: busy_seconds(pid) for name, pid in self._pids.items()}
