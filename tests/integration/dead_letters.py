"""What tests of dead letters share: a service whose turns die at a word, and its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.api.app import create_app
from scrubjay.bootstrap import Ports, put_together
from scrubjay.errors import BadAnswer, ScrubjayError
from scrubjay.model import Scope
from scrubjay.model.clock import OWN_CLOCK
from scrubjay.settings import Settings
from tests.fakes import NoGuidance
from tests.integration.service import ANA, Service

NO_JSON = BadAnswer("the answer was no JSON")


@dataclass(frozen=True)
class Desk:
    """A service and whoever judges its dead letters over HTTP."""

    service: Service
    http: httpx.AsyncClient

    async def let_die(self, text: str, scope: Scope = ANA, error: ScrubjayError = NO_JSON, **more: Any) -> str:
        """Accept a turn and let it die; afterwards its error is mended."""
        self.service.extractor.faults[text] = error
        turn_id = await self.service.say(text, scope, **more)
        while await self.service.drain(scope):
            pass
        assert (await self.service.status(turn_id)).status == "dead"
        del self.service.extractor.faults[text]
        return turn_id

    async def post(self, deed: str, status: int = 200, **body: Any) -> Any:
        """Replay or discard; returns the answer."""
        answer = await self.http.post(f"/dead/{deed}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def listed(self, **query: Any) -> list[str]:
        """The ids of the dead letters, the oldest first."""
        answer = await self.http.get("/dead", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["count"] == len(page["results"])
        return [result["id"] for result in page["results"]][::-1]

    async def turn(self, turn_id: str) -> Mapping[str, Any]:
        """A turn as the API tells it."""
        turn: dict[str, Any] = (await self.http.get(f"/turns/{turn_id}")).json()
        return turn


@asynccontextmanager
async def desk_in(service: Service) -> AsyncIterator[Desk]:
    """The API over a service, without sockets."""
    settings = Settings.model_validate({"auth": "off", "host": "127.0.0.1", "extractor": "offline"})
    app = create_app(settings)
    missing: Any = None  # dead letters need neither
    ports = Ports(
        clock=OWN_CLOCK,
        intake=service.intake, sweeper=service.sweeper, dead_letters=service.dead_letters,
        turn_erasure=service.turn_erasure, removal_notes=service.removal_notes,
        lanes=service.lanes, turns=service.turns, store=service.store, embedder=service.embedder,
        extractor=service.extractor, reconciler=service.reconciler, model=missing, guidance=NoGuidance(), watch=missing,
        server_key=RedisServerKey(missing, "k" * 32), owners=missing, signer=missing, receipts=missing,
        keyring=missing, tokens=missing, pulse=missing, health=missing, rates=missing, digests=missing,
        webhooks=missing, deliveries=missing, sender=missing,
    )  # fmt: skip
    app.state.parts = put_together(ports, settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield Desk(service, http)
