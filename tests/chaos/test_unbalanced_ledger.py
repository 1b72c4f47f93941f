"""Books that do not agree are seen by everybody who looks: the workers' log, the metrics and the doctor."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from scrubjay.cli.app import app
from tests.chaos.scene import TENANT, Scene
from tests.chaos.stories import BERLIN
from tests.redis_keys import keys
from tests.support import wait_until


async def doctor(scene: Scene) -> Result:
    """The command, in a thread as it has an event loop of its own."""
    settings = {"SCRUBJAY_URL": scene.client.url, "COLUMNS": "200"}
    return await asyncio.to_thread(CliRunner().invoke, app, ["doctor"], env=settings)


async def test_a_ledger_changed_by_hand_is_told_by_the_log_the_metric_and_the_doctor(
    scene: Scene, redis: Redis, capfd: pytest.CaptureFixture[str]
) -> None:
    await scene.start(1)
    await scene.settled(await scene.post("ana", BERLIN))
    balanced = f'scrubjay_ledger_balanced{{tenant="{TENANT}"}}'

    async def audited() -> bool:
        return "scrubjay_ledger_audits_total 0.0" not in await scene.client.metrics()

    await wait_until(audited, what="the sweep looking through the books")
    assert f"{balanced} 1.0" in await scene.client.metrics()
    well = await doctor(scene)
    assert well.exit_code == 0, well.stdout
    assert "ledger_unbalanced" not in capfd.readouterr().out

    await redis.hincrby(keys.ledger(TENANT), "accepted", 1)
    await wait_until(lambda: "ledger_unbalanced" in "".join(capfd.readouterr()), what="a line in the worker's log")
    assert f"{balanced} 0.0" in await scene.client.metrics()
    ill = await doctor(scene)
    assert ill.exit_code == 1
    assert f"Ledger mismatch for tenant {TENANT}: 2 turns accepted, 1 accounted for" in ill.stdout
