"""The whole embedded stack costs little when nothing happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from tests.running import Running

SECONDS = 8
MOST_MEGABYTES = 1_000
MOST_OF_A_CORE = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def test_an_idle_stack_with_two_workers_stays_small_and_quiet(
    stack: Running, record_property: Callable[[str, object], None]
) -> None:
    pids = {**stack.pids, "supervisor": stack.process.pid}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    await asyncio.sleep(SECONDS)  # the length of the measurement itself
    used = {name: (cpu_seconds(pid) - before[name]) / SECONDS for name, pid in pids.items()}
    resident = {name: resident_megabytes(pid) for name, pid in pids.items()}
    for name in pids:
        print(f"\n{name}: {resident[name]:.0f} MB resident, {used[name]:.2%} of a core", end="")
    print(f"\nall: {sum(resident.values()):.0f} MB resident, {sum(used.values()):.2%} of a core")
    record_property("resident_megabytes", round(sum(resident.values())))
    record_property("share_of_a_core", round(sum(used.values()), 4))
    assert sum(resident.values()) <= MOST_MEGABYTES
    assert sum(used.values()) < MOST_OF_A_CORE
