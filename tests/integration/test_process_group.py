"""Keeping processes running, tested with small programs."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.failures import PartFailed, StackRefused
from scrubjay.devstack.managed_process import Part, obstacle
from scrubjay.devstack.process_group import ProcessGroup
from tests.support import is_alive, kill, wait_until

SLEEPER = "import signal; signal.pause()"
STUBBORN = (
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: {SLEEPER}"
)
DYING = "print('I am missing a library'); raise SystemExit(3)"


def part(name: str, code: str, **options: object) -> Part:
    return Part(name, (sys.executable, "-c", code), **options)  # type: ignore[arg-type]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    owned = DataDirectory(tmp_path)
    owned.acquire()
    yield owned
    owned.release()


@asynccontextmanager
async def supervised(
    directory: DataDirectory, *stages: list[Part], grace_seconds: float = 10
) -> AsyncIterator[tuple[ProcessGroup, list[str]]]:
    items: list[str] = []
    body = [[replace(item, grace_seconds=grace_seconds) for item in stage] for stage in stages]
    group = ProcessGroup(body, directory, tell=items.append)
    try:
        yield group, items
    finally:
        await group.stop()


async def test_each_part_has_a_pid_file_while_it_runs(directory: DataDirectory) -> None:
    async with supervised(directory, [part("one", SLEEPER), part("two", SLEEPER)]) as (group, _):
        await group.start()
        await wait_until(lambda: sorted(directory.pids()) == ["one", "two"])
        pids = directory.pids()
        assert all(is_alive(pid) for pid in pids.values())
    assert directory.pids() == {}
    assert not any(is_alive(pid) for pid in pids.values())


async def test_a_part_that_dies_is_started_again_and_its_death_is_reported(directory: DataDirectory) -> None:
    async with supervised(directory, [part("one", SLEEPER)]) as (group, remaining):
        await group.start()
        first = await wait_until(lambda: directory.pids().get("one"))
        kill(first, signal.SIGKILL)
        await wait_until(lambda: directory.pids().get("one", first) != first)
    assert remaining == [f"one (process {first}) was ended by SIGKILL; it is started again in 0.2 s"]


async def test_a_part_whose_pid_file_cannot_be_written_is_started_when_it_can_be_again(
    directory: DataDirectory,
) -> None:
    """A full disk: the supervisor goes on, and no process stays that nobody would find."""
    async with supervised(directory, [part("one", SLEEPER)]) as (group, remaining):
        await group.start()
        first = await wait_until(lambda: directory.pids().get("one"))
        in_the_way = directory.run / ".one.pid"
        in_the_way.mkdir()
        kill(first, signal.SIGKILL)
        await wait_until(lambda: len(remaining) >= 3, what="two starts that failed")
        assert children_of(os.getpid(), SLEEPER) == []
        in_the_way.rmdir()
        await wait_until(lambda: directory.pids().get("one"), what="the part's start")
    assert remaining[1] == "one could not be started: is a directory; it is started again in 0.4 s"


def test_an_obstacle_is_described_for_a_person() -> None:
    assert obstacle(OSError(errno.ENOSPC, "No space left on device")) == "the disk is full"
    assert obstacle(OSError(errno.EAGAIN, "Resource temporarily unavailable")) == "resource temporarily unavailable"


async def test_a_part_that_dies_five_times_before_the_stack_is_up_is_given_up_with_its_last_output(
    directory: DataDirectory,
) -> None:
    async with supervised(directory, [part("one", DYING, ready=never)]) as (group, _):
        with pytest.raises(PartFailed, match="one cannot start: it exited with status 3 5 times") as caught:
            await group.start()
    assert "I am missing a library" in caught.value.log_tail


async def test_a_part_that_needs_long_to_find_out_that_it_cannot_start_is_given_up_as_well(
    directory: DataDirectory,
) -> None:
    slow = part("one", DYING, ready=never, settled_seconds=0)
    async with supervised(directory, [slow]) as (group, remaining):
        starting = asyncio.create_task(group.start())
        await wait_until(lambda: starting.done() or len(remaining) > 4, what="the last try")
        assert len(remaining) == 4
        with pytest.raises(PartFailed):
            await starting
    assert all("exited with status 3 (I am missing a library); it is started again" in line for line in remaining)


def children_of(pid: int, code: str) -> list[int]:
    """The living children of a process that run a piece of code."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if is_child(path, pid, code)]


def is_child(path: Path, parent: int, code: str) -> bool:
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        return int(fields[1]) == parent and fields[0] != "Z" and code in (path / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def never() -> bool:
    return False


async def test_a_stage_is_started_when_the_one_before_is_ready(directory: DataDirectory) -> None:
    gate = asyncio.Event()

    async def open_gate() -> bool:
        return gate.is_set()

    async with supervised(directory, [part("first", SLEEPER, ready=open_gate)], [part("second", SLEEPER)]) as (
        group,
        _,
    ):
        starting = asyncio.create_task(group.start())
        await wait_until(lambda: "first" in directory.pids())
        assert "second" not in directory.pids()
        gate.set()
        await starting
        await wait_until(lambda: "second" in directory.pids())


async def test_the_last_stage_ends_before_the_first_is_asked_to(directory: DataDirectory, tmp_path: Path) -> None:
    note = tmp_path / "order"
    code = (
        "import pathlib, signal, sys\n"
        f"def end(*_):\n    pathlib.Path({str(note)!r}).open('a').write(sys.argv[1] + ' ')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\nsignal.pause()"
    )
    redis = Part("redis", (sys.executable, "-c", code, "redis"))
    worker = Part("worker", (sys.executable, "-c", code, "worker"))
    async with supervised(directory, [redis], [worker]) as (group, _):
        await group.start()
        await wait_until(lambda: directory.log_tail("redis") and directory.log_tail("worker"))
    assert note.read_text().split() == ["worker", "redis"]


async def test_a_part_that_will_not_end_is_killed_after_the_grace(directory: DataDirectory) -> None:
    async with supervised(directory, [part("one", STUBBORN)], grace_seconds=0.2) as (group, remaining):
        await group.start()
        await wait_until(lambda: directory.log_tail("one"))
        pid = directory.pids()["one"]
    assert not is_alive(pid)
    assert remaining == ["one did not end within 0.2 s and is killed"]


async def test_hurrying_kills_a_part_that_is_still_ending(directory: DataDirectory) -> None:
    async with supervised(directory, [part("one", STUBBORN)], grace_seconds=3600) as (group, _):
        await group.start()
        await wait_until(lambda: directory.log_tail("one"))
        pid = directory.pids()["one"]
        stopping = asyncio.create_task(group.stop())
        group.hurry()
        await stopping
    assert not is_alive(pid)


async def test_a_directory_has_one_owner_at_a_time(directory: DataDirectory) -> None:
    with pytest.raises(StackRefused, match=rf"in use by another Scrubjay \(process {os.getpid()}\)"):
        DataDirectory(directory.root).acquire()
    directory.release()
    successor = DataDirectory(directory.root)
    successor.acquire()
    successor.release()


async def test_what_a_dead_supervisor_left_behind_is_killed_at_the_next_start(directory: DataDirectory) -> None:
    mark = f"scrubjay={directory.root}"
    orphan = await asyncio.create_subprocess_exec(sys.executable, "-X", mark, "-c", SLEEPER)
    directory.write_pid("worker-1", orphan.pid)
    assert directory.kill_orphans() == ["worker-1"]
    assert await orphan.wait() == -signal.SIGKILL
    assert directory.pids() == {}


async def test_a_stranger_that_was_given_the_number_of_an_old_part_is_left_alone(directory: DataDirectory) -> None:
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", SLEEPER)
    try:
        directory.write_pid("worker-1", stranger.pid)
        assert directory.kill_orphans() == []
        assert is_alive(stranger.pid)
    finally:
        stranger.kill()
        await stranger.wait()


def test_a_log_that_has_grown_too_large_makes_room_for_a_new_one(directory: DataDirectory) -> None:
    (directory.logs / "api.log").write_bytes(b"x" * 10_000_001)
    with directory.open_log("api") as log:
        log.write(b"new\n")
    assert directory.log_tail("api") == "new"
    assert (directory.logs / "api.log.1").stat().st_size == 10_000_001
