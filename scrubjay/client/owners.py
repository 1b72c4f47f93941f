"""The calls about owners as a whole: list them, forget one, export everything of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypedDict, Unpack

import orjson

from scrubjay.client.views import ReceiptView, View
from scrubjay.client.wire import Wire
from scrubjay.errors import ScrubjayError
from scrubjay.model import Kind

FORGET_SECONDS = 600  # it takes as long as there is much to forget


class Owner(TypedDict, total=False):
    """Whose memory: at least one of the four."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None


class EntityView(View):
    """A user, agent, run or app that has memories, and how many of them stand."""

    id: str
    type: Kind
    total_memories: int


class CutOff(ScrubjayError):
    """An export ended before its end: what came is not everything."""

    code = "cut_off"


class Owners:
    """The owners of memories: `client.owners.forget(…)`. Raises as the client does.

    Args:
        wire: of the client.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def entities(self, *, kind: Kind | None = None, page: int = 1, page_size: int = 1_000) -> list[EntityView]:
        """Who has memories: users, agents, runs and apps, by kind and name. Past the last page there is nobody.

        Args:
            kind: only of this one.
            page: from 1.
            page_size: at most 1,000.
        """
        query = {"type": kind, "page": page, "page_size": page_size}
        answer = await self._wire.ask("GET", "/entities", safe=True, params=query)
        return [EntityView.model_validate(entity) for entity in answer]

    async def forget(self, *, exact: bool = False, **owner: Unpack[Owner]) -> ReceiptView:
        """Erase everything of an owner with `DELETE /memories` of the server: waiting turns, dead letters and memories.

        Args:
            exact: the ids are taken as they are, to erase what is stored in another spelling than the server's own.
            owner: user_id, agent_id, run_id, app_id.
        """
        params = {**owner, **({"exact": "true"} if exact else {})}
        answer = await self._wire.ask("DELETE", "/memories", params=params, timeout=FORGET_SECONDS)
        return ReceiptView.model_validate(answer)

    async def export(self, **owner: Unpack[Owner]) -> AsyncIterator[dict[str, Any]]:
        """Everything that is kept of an owner, line by line: of kind `export`, `memory` ..., `turn` ..., `end`.

        Raises CutOff where it ended before its end.
        """
        counts, end = {"memory": 0, "turn": 0}, None
        async for line in self._wire.lines("GET", "/export", params=dict(owner)):
            record: dict[str, Any] = orjson.loads(line)
            end = record if record["kind"] == "end" else None
            if record["kind"] in counts:
                counts[record["kind"]] += 1
            yield record
        if end is None or (end["memories"], end["turns"]) != (counts["memory"], counts["turn"]):
            raise CutOff("The export was cut off: what came is not everything. Ask again.")
