"""What the embedded stack runs, and what its parts are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from redis.asyncio import Redis

from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.devstack.managed_process import GRACE_SECONDS
from scrubjay.devstack.parts import CLOSE_SECONDS, WORKERS, Addresses, Setup, stages
from scrubjay.devstack.supervisor import arguments
from tests.redis_keys import keys

AT = Addresses(redis=20001, qdrant=20002, api=8000, api_socket=5)


def test_the_stack_is_redis_then_qdrant_then_the_workers_with_the_api(tmp_path: Path) -> None:
    names = [[part.name for part in stage] for stage in stages(Setup(tmp_path, workers=3), AT)]
    assert names == [["redis"], ["qdrant"], ["worker-1", "worker-2", "worker-3", "api"]]


def test_redis_keeps_every_write_and_evicts_nothing(tmp_path: Path) -> None:
    [[redis], *_] = stages(Setup(tmp_path), AT)
    command = " ".join(redis.command)
    assert "--appendonly yes --appendfsync always --maxmemory-policy noeviction" in command
    assert "--bind 127.0.0.1 --port 20001" in command


def test_the_api_and_the_workers_are_told_where_the_others_are(tmp_path: Path) -> None:
    setup = Setup(tmp_path, auth="keys", environment={"SCRUBJAY_LEASE_SECONDS": "3", "SCRUBJAY_REDIS_URL": "x"})
    for part in stages(setup, AT)[-1]:
        assert part.environment["SCRUBJAY_REDIS_URL"] == "redis://127.0.0.1:20001/0"
        assert part.environment["SCRUBJAY_QDRANT_URL"] == "http://127.0.0.1:20002"
        assert part.environment["SCRUBJAY_AUTH"] == "keys"
        assert part.environment["SCRUBJAY_LEASE_SECONDS"] == "3"
        assert f"{part.environment['SCRUBJAY_REDIS_PREFIX']}workers" == WORKERS, "whatever prefix our environment sets"


async def test_a_worker_part_is_ready_once_a_worker_has_shown_that_it_is_alive(
    tmp_path: Path, redis: Redis, redis_url: str
) -> None:
    port = urlsplit(redis_url).port or 0
    worker, _ = stages(Setup(tmp_path, workers=1), replace(AT, redis=port))[-1]
    assert not await worker.ready()
    await RedisPulse(redis, RedisScripts(redis)).beat("worker")
    assert await worker.ready()
    assert keys.workers == WORKERS


def test_no_part_reports_to_anybody(tmp_path: Path) -> None:
    for part in stages(Setup(tmp_path), AT)[-1]:
        assert part.environment["ORT_DISABLE_TELEMETRY"] == "1"


def test_a_worker_that_has_longer_to_finish_is_killed_later(tmp_path: Path) -> None:
    options = {"data": tmp_path, "host": "127.0.0.1", "port": 0, "workers": 1, "worker-threads": 4, "auth": "off"}
    words = [argument for name, value in options.items() for argument in (f"--{name}", str(value))]
    setup = arguments([*words, "--finish-seconds", "45"])
    worker, api = stages(setup, AT)[-1]
    assert worker.environment["SCRUBJAY_FINISH_SECONDS"] == "45.0"
    assert (worker.grace_seconds, api.grace_seconds) == (45 + CLOSE_SECONDS, GRACE_SECONDS)
