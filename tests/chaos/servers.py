"""A Redis and an API that are a test's own: killed, filled up, stopped, and started again in the same place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from scrubjay.devstack.parts import Addresses, Setup, api_part, child_environment
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, base_url, free_port, listen
from tests.chaos.processes import PartProcess
from tests.running import READY_SECONDS
from tests.support import wait_until


class OwnRedis:
    """A Redis with the options of the embedded stack. See `own_redis`.

    Args:
        folder: what it keeps on disk; it finds it again after a restart.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._part = redis_part(folder, self.port)
        self._process = PartProcess(self._part)

    def kill(self) -> None:
        """`kill -9`; it is gone on return."""
        self._process.kill()

    async def start_again(self) -> None:
        """Run it again after a kill; it answers on return."""
        self._process = PartProcess(self._part)
        await self.answers()

    async def answers(self) -> None:
        """Return as soon as it can be used."""
        await wait_until(lambda: answers_ping(self.port), what="Redis answering")


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """A Redis that runs until left, as often as it was killed meanwhile; `answers` tells when it can be used."""
    server = OwnRedis(folder)
    try:
        yield server
    finally:
        server.kill()


class Front:
    """An API process behind a socket that outlives it: while it restarts, callers queue there. See `front`.

    Args:
        setup: how to run it.
        at: where everything is.
    """

    def __init__(self, setup: Setup, at: Addresses) -> None:
        self.at = at
        self.url = base_url(setup.host, at.api)
        self._part = api_part(setup, at, child_environment(setup, at))
        self._process = PartProcess(self._part)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """`kill -9`; it is gone on return."""
        self._process.kill()

    async def stop(self, deadline_seconds: float) -> int:
        """SIGTERM: it answers whom it has heard. Returns its exit status."""
        return await self._process.stop(deadline_seconds)

    def start_again(self) -> None:
        """Run it again after it has ended."""
        self._process = PartProcess(self._part)

    def serves(self) -> None:
        """Return when it can be used. Raises AssertionError when a part that it needs is away."""
        # Until it serves, we queue at the socket that it was handed.
        ready = httpx.get(f"{self.url}/health/ready", timeout=READY_SECONDS)
        assert ready.is_success, ready.text


@contextmanager
def front(setup: Setup, *, redis_port: int, qdrant_port: int) -> Iterator[Front]:
    """An API process that runs until left; `serves` tells when it can be used."""
    with closing(listen(setup.host, 0)) as listener:
        api = Front(setup, Addresses(redis_port, qdrant_port, listener.getsockname()[1], listener.fileno()))
        try:
            yield api
        finally:
            api.kill()
