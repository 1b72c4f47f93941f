"""What the check of a key takes by itself: the door's own code over a real Redis, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import thread_time

from fastapi import FastAPI, Request

from scrubjay.api.auth import Gate, writer
from scrubjay.bootstrap import opened
from scrubjay.settings import Settings

_BETWEEN_PAUSES = 500


async def check_seconds(redis_url: str, admin_key: str, keys: Sequence[str], times: int) -> float:
    """This thread's time for one check, looks at Redis included, beyond what a server without keys takes.

    Args:
        redis_url: where the keys are.
        admin_key: the operator's.
        keys: are used in turns.
        times: how many checks.
    """
    asking = await _seconds({"auth": "keys", "admin_key": admin_key, "redis_url": redis_url}, keys, times)
    return asking - await _seconds({"auth": "off", "redis_url": redis_url}, keys, times)


async def _seconds(application_settings: dict[str, str], keys: Sequence[str], times: int) -> float:
    settings = Settings.model_validate(
        {**application_settings, "extractor": "offline", "embedder": "openai", "openai_api_key": "none"}
    )
    app = FastAPI()
    app.state.gate = Gate(settings)
    async with opened(settings) as parts:
        app.state.parts = parts
        started = thread_time()
        for number in range(times):
            await writer(_request(app, keys[number % len(keys)]))
            if number % _BETWEEN_PAUSES == 0:
                await asyncio.sleep(0.1)  # as if the turns were accepted meanwhile: a look comes twice a second
        return (thread_time() - started) / times


def _request(app: FastAPI, key: str) -> Request:
    """A POST /turns as the server hands it on."""
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"authorization", b"Bearer " + key.encode()),
        (b"content-type", b"application/json"),
        (b"content-length", b"300"),
    ]
    return Request({"type": "http", "method": "POST", "path": "/turns", "headers": headers, "app": app, "state": {}})
