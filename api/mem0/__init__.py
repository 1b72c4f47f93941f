"""What Mem0's own clients speak, on the use cases that are there: its platform's surface, and its OSS server's.

Thin translations: nothing here decides anything. The platform's stands under /v1, /v2, /v3 and /api/v1 and has words
of its own for refusals; the OSS server shares paths with our own surface, and what is only its own is here.
"""

from __future__ import annotations

from fastapi import FastAPI

from scrubjay.api.mem0 import oss
from scrubjay.api.mem0.paths import Paths
from scrubjay.api.mem0.platform import (
    batch,
    entities,
    events,
    exports,
    feedback,
    legacy,
    memories,
    memory,
    ping,
    profiles,
    project,
    webhooks,
)


def install(app: FastAPI) -> None:
    """Put both surfaces into an app. Call it last: its addresses are read before all else reads them."""
    platform = (ping, memories, memory, legacy, batch, events, profiles, entities, project, feedback, exports, webhooks)
    for resource in (*platform, oss):
        app.include_router(resource.router)
    app.add_middleware(Paths)
