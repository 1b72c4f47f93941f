"""A Redis whose clock can be set while it runs (libfaketime); its monotonic clock goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, free_port
from tests.conftest import running
from tests.support import wait_until

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
HOUR = 3_600


@dataclass(frozen=True)
class Clock:
    """The wall clock of the Redis under test.

    Args:
        path: the file from which libfaketime reads how far the clock is off.
    """

    path: Path

    def set_ahead(self, seconds: float) -> None:
        """Let the clock be so far ahead of the real time; a negative number: behind."""
        new = self.path.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.replace(self.path)


@pytest.fixture(scope="package")
def clocked_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Clock]]:
    assert _LIBRARIES, "libfaketime is missing: apt-get install libfaketime"
    folder, port = tmp_path_factory.mktemp("clocks"), free_port()
    clock = Clock(folder / "faketime")
    clock.set_ahead(0)
    faked = {
        "LD_PRELOAD": str(_LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock.path),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    part = redis_part(folder, port)
    with running(list(part.command), {**os.environ, **faked}):
        asyncio.run(wait_until(lambda: answers_ping(port), what="Redis answering"))
        yield f"redis://127.0.0.1:{port}/0", clock


@pytest.fixture(scope="package")
def redis_url(clocked_redis: tuple[str, Clock]) -> str:
    return clocked_redis[0]


@pytest.fixture
def clock(clocked_redis: tuple[str, Clock]) -> Iterator[Clock]:
    yield clocked_redis[1]
    clocked_redis[1].set_ahead(0)
