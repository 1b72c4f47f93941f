"""While the provider refuses everything, the service says so where people look, and takes it back afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from typer.testing import CliRunner, Result

from scrubjay.cli.app import app
from scrubjay.client import ScrubjayClient
from tests.e2e.faults.support import post, wait_for_status
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.support import wait_until


async def doctor(client: ScrubjayClient) -> Result:
    """The command, in a thread as it has an event loop of its own."""
    settings = {"SCRUBJAY_URL": client.url, "COLUMNS": "200"}
    return await asyncio.to_thread(CliRunner().invoke, app, ["doctor"], env=settings)


async def test_an_outage_of_the_model_degrades_the_service_and_fails_the_doctor_until_it_is_over(
    model: ModelServer, client: ScrubjayClient
) -> None:
    async def status() -> tuple[str, Mapping[str, Any]]:
        accepts, health = await client.ready()
        assert accepts
        return health["status"], health["parts"]

    async def is_degraded_by_the_model() -> bool:
        service_status, parts = await status()
        return service_status == "degraded" and not parts["extractor"]["ok"]

    async def is_ready() -> bool:
        return (await status())[0] == "ready"

    await wait_until(is_ready, what="the service being well before")
    assert (await doctor(client)).exit_code == 0
    model.fault(Fault(kind=Kind.STATUS, status=429, route="extraction"))
    turns = [await post(client, f"outage-{number}", "I live in Berlin.") for number in range(4)]
    await wait_until(is_degraded_by_the_model, what="readiness naming the extractor")
    ill = await doctor(client)
    assert ill.exit_code == 1
    assert "extractor does not work since" in ill.stdout
    assert "answered HTTP 429" in ill.stdout

    model.heal()
    await wait_for_status(client, "settled", turns)
    await wait_until(is_ready, what="the service being well again")
    assert (await doctor(client)).exit_code == 0
