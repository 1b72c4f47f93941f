"""`scrubjay up`, the real command with its real parts, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scrubjay.client import ScrubjayClient
from scrubjay.devstack.sockets import free_port, listen
from tests.running import Running, assert_that_a_signal_ends_every_part, scrubjay_up, up_command, without_endpoint
from tests.support import is_alive, kill, wait_until

PARTS = ["api", "qdrant", "redis", "worker-1", "worker-2"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with scrubjay_up(tmp_path_factory.mktemp("up") / "data") as started:
        yield started


async def is_ready(running: Running) -> bool:
    async with ScrubjayClient(running.url) as client:
        ready, _ = await client.ready()
    return ready


def test_every_part_has_a_pid_file_with_its_process(running: Running) -> None:
    assert sorted(running.pids) == PARTS
    assert running.is_whole


def test_the_banner_names_the_extractor_and_the_dashboard_beside_the_ready_line(running: Running) -> None:
    banner = running.stderr.read_text()
    assert f"{running.url}/dashboard" in banner
    assert "offline" in banner


@pytest.mark.parametrize("name", [name for name in PARTS if name != "api"])
async def test_a_part_that_is_killed_comes_back_as_another_process_and_the_service_with_it(
    running: Running, name: str
) -> None:
    old = running.pids[name]
    kill(old, signal.SIGKILL)
    await assert_another_comes(running, name, old)


async def assert_another_comes(running: Running, name: str, old: int) -> None:
    await wait_until(lambda: running.pids.get(name, old) != old, what=f"another {name}")
    await wait_until(lambda: is_ready(running), what="the service being ready again")
    assert f"{name} (process {old}) was ended by SIGKILL" in running.stderr.read_text()
    assert running.process.poll() is None


async def test_an_api_that_is_killed_comes_back_and_a_call_made_meanwhile_is_answered_not_refused(
    running: Running,
) -> None:
    old = running.pids["api"]
    kill(old, signal.SIGKILL)
    async with ScrubjayClient(running.url, retries=0) as client:
        await wait_until(lambda: running.pids.get("api") != old, what="the API's death")
        assert (await client.turns()).count == 0
    await assert_another_comes(running, "api", old)


def test_a_second_supervisor_is_refused_the_directory(running: Running) -> None:
    second = subprocess.run(up_command(running.data), capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert f"{running.data} is in use by another Scrubjay (process {running.process.pid})" in second.stderr
    assert second.stdout == ""


def test_a_port_that_is_taken_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        command = up_command(tmp_path / "data", port=port)
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert second.stderr == f"Cannot listen on 127.0.0.1:{port} (Address already in use): choose another with --port.\n"


async def test_no_part_outlives_a_supervisor_that_was_killed_and_the_next_waits_for_a_hanging_part_until_told_again(
    tmp_path: Path,
) -> None:
    with scrubjay_up(tmp_path / "data", workers=1) as running:
        pids = running.pids
        running.stop(signal.SIGKILL)
        await wait_until(lambda: not any(is_alive(pid) for pid in pids.values()), what="the end of every part")
    with scrubjay_up(tmp_path / "data", workers=1) as again:
        assert again.is_whole
        await assert_a_second_signal_waits_no_longer_for_a_part_that_hangs(again)


async def assert_a_second_signal_waits_no_longer_for_a_part_that_hangs(running: Running) -> None:
    hanging = running.pids["worker-1"]
    kill(hanging, signal.SIGSTOP)
    running.process.send_signal(signal.SIGTERM)
    await wait_until(lambda: "stopping" in running.stderr.read_text(), what="the first signal being heard")
    assert running.stop(signal.SIGTERM) == 0
    assert not is_alive(hanging)
    assert "did not end within" not in running.stderr.read_text()


def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho the disk is on fire\nexit 7\n")
    broken.chmod(0o755)
    environment = without_endpoint({"PATH": f"{broken.parent}:{os.environ['PATH']}"})
    command = up_command(tmp_path / "data")
    failed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "redis cannot start: it exited with status 7 5 times in a row." in failed.stderr
    assert failed.stderr.endswith("the disk is on fire\n")


def test_a_setting_that_makes_no_sense_is_refused_by_name(tmp_path: Path) -> None:
    environment = without_endpoint({"SCRUBJAY_WORKER_THREADS": "many"})
    refused = subprocess.run(
        up_command(tmp_path), capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("A setting is wrong: worker_threads:")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        (["--host", "0.0.0.0"], {}, "SCRUBJAY_AUTH=keys needs SCRUBJAY_ADMIN_KEY"),
        (["--host", "0.0.0.0"], {"SCRUBJAY_AUTH": "off"}, "SCRUBJAY_AUTH=off is refused on 0.0.0.0"),
    ],
)
def test_a_start_that_nobody_or_everybody_could_call_is_refused_at_once_in_one_sentence(
    tmp_path: Path, options: list[str], environment: dict[str, str], sentence: str
) -> None:
    data = tmp_path / "data"
    command = [*up_command(data), *options]
    settings = without_endpoint(environment)
    refused = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=settings, cwd=tmp_path
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(sentence)
    assert refused.stderr.count("\n") == 1
    assert not data.exists()


def test_an_env_file_that_cannot_be_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SCRUBJAY_ADMIN_KEY=\xff\n")
    command = up_command(tmp_path / "data")
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (refused.returncode, refused.stderr) == (2, "The file .env is not UTF-8 text.\n")


def test_a_model_that_is_away_keeps_nobody_out_and_the_banner_says_that_turns_wait_and_ctrl_c_ends_every_part(
    tmp_path: Path,
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    with scrubjay_up(tmp_path / "data", workers=1, environment={"OPENAI_BASE_URL": nobody}) as running:
        log = running.stderr.read_text()
        assert "extractor does not work, so turns wait: The model" in log
        turn = {"user_id": "ana", "messages": [{"role": "user", "content": "I live in Berlin."}]}
        assert httpx.post(f"{running.url}/turns", json=turn).status_code == 202
        assert_that_a_signal_ends_every_part(running, signal.SIGINT)
