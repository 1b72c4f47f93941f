"""What the embedded stack consists of: the same processes as in production, on loopback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from scrubjay.devstack.managed_process import Part
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import http_get, redis_answer

FINISH_SECONDS, CLOSE_SECONDS = 4.0, 6.0
API_DRAIN_SECONDS = 8
WORKER_NICE = "10"
OPERATOR_KEY = "SCRUBJAY_ADMIN_KEY"
REDIS_PREFIX = "sj:"  # as in `scrubjay.model.names`, which loads more than the supervisor needs
WORKERS = f"{REDIS_PREFIX}workers"


@dataclass(frozen=True)
class Setup:
    """How to run the stack.

    Args:
        data: the directory that holds everything.
        host: where the API listens.
        port: the API's port; 0 picks a free one.
        workers: how many worker processes.
        worker_threads: tasks at once in each worker.
        finish_seconds: what a stopping worker has for the turns in hand; what is left then goes to the others.
        auth: `off` or `keys`.
        environment: more settings for the API and the workers, over our own environment.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 2
    worker_threads: int = 32
    finish_seconds: float = FINISH_SECONDS
    auth: str = "off"
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a running stack are.

    Args:
        redis: Redis's port on loopback.
        qdrant: the Qdrant engine server's port on loopback.
        api: the API's port, and the descriptor of its listening socket.
    """

    redis: int
    qdrant: int
    api: int
    api_socket: int


def stages(setup: Setup, at: Addresses) -> list[list[Part]]:
    """The parts in the order in which they are started; they are stopped in the opposite one."""
    settings = child_environment(setup, at)
    # On one machine the front goes first: a chatbot waits for the API, nobody waits for a worker.
    background = {**settings, "SCRUBJAY_WORKER_NICE": WORKER_NICE}
    workers = [
        replace(worker_part(setup, number, background), ready=partial(_works, at.redis))
        for number in range(1, setup.workers + 1)
    ]
    redis = redis_part(setup.data / "redis", at.redis)
    # The API is waited for last: its first look at everything then finds the workers at work.
    return [[redis], [qdrant_part(setup, at)], [*workers, api_part(setup, at, settings)]]


def child_environment(setup: Setup, at: Addresses) -> dict[str, str]:
    """The settings of the API and the workers: the addresses of the other parts."""
    return {
        "SCRUBJAY_FINISH_SECONDS": str(setup.finish_seconds),
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime reports to its maker unless disabled
        "SCRUBJAY_REDIS_PREFIX": REDIS_PREFIX,  # the stack has a Redis of its own, whatever prefix is set for another
        **setup.environment,
        "SCRUBJAY_REDIS_URL": f"redis://127.0.0.1:{at.redis}/0",
        "SCRUBJAY_QDRANT_URL": f"http://127.0.0.1:{at.qdrant}",
        "SCRUBJAY_HOST": setup.host,
        "SCRUBJAY_AUTH": setup.auth,
    }


def python(data: Path, module: str, *arguments: str) -> tuple[str, ...]:
    """A command that runs a module, its output unbuffered; the -X mark shows in the process list whose it is."""
    return (sys.executable, "-u", "-X", f"scrubjay={data.absolute()}", "-m", module, *arguments)


def qdrant_part(setup: Setup, at: Addresses) -> Part:
    """The stack's Qdrant."""
    return engine_part(setup.data, setup.data / "qdrant", at.qdrant)


def engine_part(data: Path, folder: Path, port: int) -> Part:
    """Qdrant's engine behind its own REST routes, on loopback.

    Args:
        data: the directory of the stack that it belongs to.
        folder: where it keeps its collections.
        port: its port, the same after a restart.
    """
    command = python(
        data, "scrubjay.devstack.qdrant_engine",
        "--host", "127.0.0.1", "--port", str(port), "--data", str(folder),
    )  # fmt: skip
    return Part("qdrant", command, ready=partial(_is_ready, "127.0.0.1", port, "/readyz"))


def api_part(setup: Setup, at: Addresses, settings: Mapping[str, str]) -> Part:
    """The HTTP front, on the socket that the supervisor holds."""
    command = python(
        setup.data, "uvicorn", "scrubjay.api.app:create_app", "--factory", "--fd", str(at.api_socket),
        "--no-access-log", "--loop", "uvloop", "--http", "scrubjay.api.middleware.http_protocol:Protocol",
        "--no-server-header", "--log-level", "warning",
        "--timeout-graceful-shutdown", str(API_DRAIN_SECONDS),
    )  # fmt: skip
    ready = partial(_serves, setup, at)
    return Part("api", command, settings, sockets=(at.api_socket,), ready=ready)


def worker_part(setup: Setup, number: int, settings: Mapping[str, str]) -> Part:
    """One worker process. It neither tells nor asks the other workers anything: they meet in Redis."""
    command = python(
        setup.data, "celery", "-A", "scrubjay.worker.app", "worker",
        "--pool", "threads", "--concurrency", str(setup.worker_threads), "--hostname", f"worker-{number}@%h",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning",
    )  # fmt: skip
    finish_seconds = float(settings["SCRUBJAY_FINISH_SECONDS"])
    return Part(f"worker-{number}", command, settings, grace_seconds=finish_seconds + CLOSE_SECONDS)


def read_health(body: bytes) -> Mapping[str, Any]:
    """Parse what the embedded stack's API process answers to `/health/ready`; nothing when there was none."""
    try:
        health = json.loads(body)
    except ValueError:
        return {}
    return health if isinstance(health, dict) else {}


def operator_key(setup: Setup) -> str | None:
    """The operator's key of the API that is run; None where it asks nobody for one."""
    return setup.environment.get(OPERATOR_KEY) or os.environ.get(OPERATOR_KEY)


def environment_with(operator_key: str | None) -> dict[str, str]:
    """Our environment with the operator's key, wherever the settings have found it."""
    return {**os.environ, **({OPERATOR_KEY: operator_key} if operator_key else {})}


async def _serves(setup: Setup, at: Addresses) -> bool:
    """Whether the API accepts turns and reaches the store: while a model is away, turns wait and nobody is refused."""
    status, body = await http_get(setup.host, at.api, "/health/ready", operator_key(setup))
    parts = read_health(body).get("parts", {})
    return status == HTTPStatus.OK and parts.get("qdrant", {"ok": True})["ok"]


async def _works(redis_port: int) -> bool:
    """Whether a worker process of the embedded stack has shown in the stack's Redis that it is alive."""
    answer = await redis_answer(redis_port, f"EXISTS {WORKERS}")
    return answer.startswith(b":1")


async def _is_ready(host: str, port: int, path: str) -> bool:
    status, _ = await http_get(host, port, path)
    return status == HTTPStatus.OK
