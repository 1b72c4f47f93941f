"""Redis and Qdrant for the library: those that were named, else our own, run as processes beside this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import structlog

from scrubjay.devstack.directory import DataDirectory
from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.parts import engine_part
from scrubjay.devstack.process_group import ProcessGroup
from scrubjay.devstack.redis_server import redis_part
from scrubjay.devstack.sockets import free_port
from scrubjay.library.config import Configuration
from scrubjay.model.names import REDIS_PREFIX
from scrubjay.settings import Settings

log = structlog.get_logger(__name__)

_ENGINE = "qdrant_edge"


class Served(NamedTuple):
    """Settings that name a running Redis and Qdrant, and whether the Redis is our own: then no worker listens to it."""

    settings: Settings
    own_redis: bool
    own_qdrant: bool


@asynccontextmanager
async def served(configuration: Configuration) -> AsyncIterator[Served]:
    """Start Redis and the Qdrant engine for an in-process `Memory`, where its configuration names no server.

    They run in the data directory, and end when the context is left. Linux ends them also where this process is killed.

    Raises BadConfiguration, StackRefused where the directory is in use or a program is missing, PartFailed where one
    cannot start.
    """
    settings, store = configuration.settings(), configuration.vector_store.config
    configured = settings.model_fields_set
    own_redis, own_qdrant = "redis_url" not in configured, store.path is not None or "qdrant_url" not in configured
    async with AsyncExitStack() as stack:
        if own_redis or own_qdrant:
            directory = DataDirectory(configuration.data, option='"data" in the configuration')
            directory.acquire()
            stack.callback(directory.release)
            directory.kill_orphans()
            log.info("data_directory", path=str(directory.root))
            parts, addresses = [], dict[str, object]()
            if own_redis:
                port = free_port()
                parts.append(redis_part(directory.root / "redis", port))
                # As `scrubjay up` has it: both may serve the same data, one after the other.
                addresses |= {"redis_url": f"redis://127.0.0.1:{port}/0", "redis_prefix": REDIS_PREFIX}
            if own_qdrant:
                port = free_port()
                parts.append(engine_part(directory.root, _engine_folder(directory.root, store.path), port))
                addresses |= {"qdrant_url": f"http://127.0.0.1:{port}", "qdrant_api_key": None}
            group = ProcessGroup([parts], directory, tell=_tell)
            stack.push_async_callback(group.stop)
            await group.start()
            settings = settings.model_copy(update=addresses)
        yield Served(settings, own_redis, own_qdrant)


def _engine_folder(root: Path, path: Path | None) -> Path:
    """Where the engine keeps its data: in a folder of its own, beside what Mem0 may have left in the same place."""
    if find_spec(_ENGINE) is None:
        raise StackRefused("There is no Qdrant engine: name a Qdrant, or install Scrubjay with its extra `embedded`.")
    folder = root / "qdrant" if path is None else path.absolute() / "scrubjay"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _tell(line: str) -> None:
    log.warning("own_server", said=line)
