"""Real servers for tests: one Redis and one Qdrant engine server a session, emptied between tests."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from redis.asyncio import Redis
from xdist.scheduler import LoadScopeScheduling

from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import answers_ping, free_port, http_get
from tests.running import OPERATOR_KEY, Running, scrubjay_up
from tests.support import wait_until

TESTS = Path(__file__).parent


# What shares a stack, or takes long, in the order in which `make test` begins with it; all else goes file by file.
GROUPS = (
    "chaos",
    "e2e/faults",
    "e2e",
    "mem0",
    "chaos/invariants",
    "chaos/test_fault_run.py",
    "browser",
    "mcp",
    "evals",
)
TOGETHER = {"abuse": "mcp", "examples": "mcp"}  # folders that share another one's stack


def pytest_configure(config: pytest.Config) -> None:
    """Prepare this process: no logger outlives a test, and no certificates but one are loaded."""
    _keep_no_loggers()
    # No test speaks TLS: one authority is loaded for each HTTP client, here and in every process, instead of all.
    if "SSL_CERT_FILE" not in os.environ:
        path = Path(tempfile.mkdtemp(prefix="scrubjay-tests-")) / "authority.pem"
        path.write_bytes(_authority())
        os.environ["SSL_CERT_FILE"] = str(path)
        config.add_cleanup(lambda: shutil.rmtree(path.parent))


def _keep_no_loggers() -> None:
    """Let every logger be set up anew: of one that an earlier test has set up, `capture_logs` would see nothing."""
    configure = structlog.configure

    def uncached(**options: Any) -> None:
        configure(**{**options, "cache_logger_on_first_use": False})

    pytest.MonkeyPatch().setattr(structlog, "configure", uncached)


def _authority() -> bytes:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    start = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups begin."""
    items.sort(key=lambda item: _place(item.path)[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share a stack run in one process, one after the other."""
    config.option.loadscopereorder = False  # they come in order
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda nodeid: _place(config.rootpath / nodeid.partition("::")[0])[1]
    return scheduler


def _place(path: Path) -> tuple[int, str]:
    folder, _, rest = path.relative_to(TESTS).as_posix().partition("/")
    place = f"{TOGETHER.get(folder, folder)}/{rest}"
    groups = [group for group in GROUPS if place == group or place.startswith(f"{group}/")]
    return (GROUPS.index(max(groups, key=len)), max(groups, key=len)) if groups else (len(GROUPS), place)


@contextmanager
def running(command: list[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server process for as long as it is needed, in our environment or another; ended by its own pid."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis, run as the embedded stack runs it."""
    port = free_port()
    part = redis_part(tmp_path_factory.mktemp("redis"), port)
    with running(list(part.command)):
        asyncio.run(wait_until(lambda: answers_ping(port), what="Redis answering"))
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def qdrant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Qdrant engine server, in a process of its own."""
    port, data = free_port(), tmp_path_factory.mktemp("qdrant")
    with running(qdrant_command(port, data)):

        async def serves() -> bool:
            return (await http_get("127.0.0.1", port, "/readyz"))[0] == 200

        asyncio.run(wait_until(serves, what="the engine server answering"))
        yield f"http://127.0.0.1:{port}"


def qdrant_command(port: int, data: Path) -> list[str]:
    """How the engine server is started."""
    return [sys.executable, "-m", "scrubjay.devstack.qdrant_engine", "--port", str(port), "--data", str(data)]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An open client on an empty Redis."""
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded stack with one worker and no model, that asks for keys: `OPERATOR_KEY` opens it."""
    settings = {"SCRUBJAY_AUTH": "keys", "SCRUBJAY_ADMIN_KEY": OPERATOR_KEY}
    with scrubjay_up(tmp_path_factory.mktemp("keyed") / "data", workers=1, environment=settings) as running:
        yield running
