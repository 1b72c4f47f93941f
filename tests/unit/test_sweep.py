"""The sweep goes on, whatever fails in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from scrubjay.erase.removals import RemovalServices
from scrubjay.errors import InboxUnavailable, StoreUnavailable
from scrubjay.ingest.sweep import SweepServices, sweep_forever
from scrubjay.logging_setup import attempted
from tests.support import wait_until

STEPS = ("clock", "sweep", "removals")


class Known(BaseModel):
    """A document of this version."""

    name: str


class Steps:
    """Counts the steps; each fails by the error that it was given."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.done = dict[str, int]()

    async def step(self, name: str) -> int:
        self.done[name] = self.done.get(name, 0) + 1
        if name in self.errors:
            raise self.errors[name]
        return 0


def of_another_version() -> Exception:
    with pytest.raises(ValueError, match="name") as failed:
        Known.model_validate({})
    return failed.value


def unforeseen() -> Exception:
    return RuntimeError("nobody expected this")


def foreseen() -> Exception:
    return StoreUnavailable("Qdrant is away")


@pytest.mark.parametrize("failing", STEPS)
@pytest.mark.parametrize("error", [of_another_version, unforeseen, foreseen])
async def test_a_step_that_fails_ends_neither_the_sweeping_nor_the_other_steps(
    failing: str, error: Callable[[], Exception]
) -> None:
    steps = Steps(**{failing: error()})

    async def unfinished() -> list[Any]:
        await steps.step("removals")
        return []

    def is_over() -> bool:
        return sweeping.done() or min(steps.done.get(name, 0) for name in STEPS) > 2

    ports: Any = SimpleNamespace(sweep=lambda: steps.step("sweep"), unfinished=unfinished)
    unused, clock = cast(Any, None), cast(Any, SimpleNamespace(look=lambda: steps.step("clock")))
    removals = RemovalServices(removal_notes=ports, lanes=unused, store=unused)
    services = SweepServices(sweeper=ports, clock=clock, removals=removals)
    with capture_logs() as logged:
        sweeping = asyncio.create_task(sweep_forever(0, services))
        await wait_until(is_over, what="three sweeps")
        sweeping.cancel()
        (end,) = await asyncio.gather(sweeping, return_exceptions=True)
    assert isinstance(end, asyncio.CancelledError), "it went on until it was told to stop"
    assert {entry["step"] for entry in logged if entry["event"] == "step_failed"} == {failing}


async def test_a_failure_that_others_tell_of_is_not_logged_and_others_are() -> None:
    async def fails(error: Exception) -> int:
        raise error

    with capture_logs() as logged:
        assert await attempted("look", fails(InboxUnavailable("away")), expected=InboxUnavailable) is None
        assert logged == []
        assert await attempted("look", fails(StoreUnavailable("away")), expected=InboxUnavailable) is None
    assert [(entry["step"], entry["error"]) for entry in logged] == [("look", StoreUnavailable.code)]
