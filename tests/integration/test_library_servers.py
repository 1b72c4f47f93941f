"""`Memory` without a named Redis and Qdrant: it runs its own, keeps what they hold, and leaves no process behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scrubjay import AsyncMemory, Memory
from scrubjay.devstack.failures import StackRefused
from scrubjay.errors import BadRequest
from scrubjay.library.config import Configuration
from scrubjay.library.servers import served
from scrubjay.model.names import REDIS_PREFIX
from tests.running import without_endpoint
from tests.support import is_alive, read_pids, wait_until

# Made, used, asked for in a forked process, and never closed.
SCRIPT = """
import os, sys
from scrubjay import Memory
from scrubjay.errors import BadRequest
memory = Memory({"data": sys.argv[1]})
memory.add("I live in Lisbon.", user_id="ana")
if os.fork() == 0:
    try:
        memory.get_all(user_id="ana")
    except BadRequest as error:
        print(error, flush=True)
    if sys.argv[2] == "at once":  # as multiprocessing ends what it has forked
        os._exit(0)
    sys.exit(0)
assert os.wait()[1] == 0
print(len(memory.get_all(user_id="ana")["results"]), flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SCRUBJAY_REDIS_URL", "SCRUBJAY_QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def script(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """The one that is killed has forked off a process that ends at once, the other one that ends as any does."""
    forked = "at once" if "killed" in request.node.callspec.id else "in order"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "data"), forked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=without_endpoint(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert "made in another process" in process.stdout.readline()
        assert process.stdout.readline() == "1\n"
        yield process


@pytest.mark.parametrize("number", [None, signal.SIGKILL], ids=["ended", "killed"])
async def test_a_process_that_ends_without_closing_leaves_no_server_behind_and_loses_nothing(
    script: subprocess.Popen[str], tmp_path: Path, number: signal.Signals | None
) -> None:
    data = tmp_path / "data"
    pids = read_pids(data)
    assert sorted(pids) == ["qdrant", "redis"]
    assert all(map(is_alive, pids.values()))
    script.communicate("\n") if number is None else script.send_signal(number)
    assert script.wait(20) == -(number or 0)
    await wait_until(lambda: not any(map(is_alive, pids.values())), what="the servers ended")
    async with AsyncMemory({"data": data}) as again:
        answer = await again.search("Where do I live?", user_id="ana")
    assert [result["memory"] for result in answer["results"]] == ["I live in Lisbon."]


async def test_a_prefix_that_is_set_for_another_redis_is_not_taken_for_one_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUBJAY_REDIS_PREFIX", "other:")
    async with served(Configuration.read({"data": tmp_path / "data"})) as own:
        assert own.settings.redis_prefix == REDIS_PREFIX, "as `scrubjay up` has it, which may serve the same data"
    elsewhere_settings = Configuration.read({"redis": {"url": "redis://127.0.0.1:1"}, "data": tmp_path / "data"})
    async with served(elsewhere_settings) as elsewhere:
        assert elsewhere.settings.redis_prefix == "other:"


def test_it_works_without_a_configuration_from_many_threads_in_a_directory_of_its_own(tmp_path: Path) -> None:
    with Memory() as memory, ThreadPoolExecutor(8) as threads:
        adding = [
            threads.submit(memory.add, f"I own book {n}.", user_id=f"user-{n % 4}", infer=False) for n in range(16)
        ]
        assert all(len(addition.result()["results"]) == 1 for addition in adding)
        assert [len(memory.get_all(user_id=f"user-{n}")["results"]) for n in range(4)] == [4] * 4
        with pytest.raises(
            StackRefused, match=r'in use by another Scrubjay .*directory with "data" in the configuration'
        ):
            Memory()
    assert (tmp_path / "scrubjay" / "redis").is_dir()
    with pytest.raises(BadRequest, match="this memory is closed"):
        memory.get_all(user_id="user-0")
    memory.close()


def test_a_memory_belongs_to_one_event_loop(tmp_path: Path) -> None:
    memory = AsyncMemory({"data": tmp_path / "data"})
    with asyncio.Runner() as runner, asyncio.Runner() as another:
        runner.run(memory.add("I live in Lisbon.", user_id="ana"))
        with pytest.raises(BadRequest, match="opened on another event loop"):
            another.run(memory.get_all(user_id="ana"))
        runner.run(memory.close())


def test_what_is_in_hand_when_it_is_closed_comes_to_its_end_and_what_comes_later_is_refused(tmp_path: Path) -> None:
    memory, refused, added = Memory({"data": tmp_path / "data"}), list[str](), list[int]()

    def add_until_refused(number: int) -> None:
        while True:
            try:
                made = memory.add(f"I own book {number}-{len(added)}.", user_id=f"user-{number}", infer=False)
                added.append(len(made["results"]))
            except BadRequest as error:
                refused.append(str(error))
                return

    threads = [threading.Thread(target=add_until_refused, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    asyncio.run(wait_until(lambda: len(added) > 4, what="memories being added"))
    memory.close()
    for thread in threads:
        thread.join(20)
    assert refused == ["this memory is closed"] * 4
    assert set(added) == {1}
    with Memory({"data": tmp_path / "data"}) as again:
        assert sum(len(again.get_all(user_id=f"user-{number}")["results"]) for number in range(4)) == len(added)


def test_a_call_in_its_own_thread_is_refused_lest_it_wait_for_itself(tmp_path: Path) -> None:
    met = list[str]()
    with Memory({"data": tmp_path / "data"}) as memory:

        async def within(_: object) -> None:
            for call in (lambda: memory.get_all(user_id="ana"), memory.close):
                with pytest.raises(BadRequest, match="it would wait for itself") as caught:
                    call()
                met.append(str(caught.value))

        memory.run(within)
    assert len(met) == 2
