"""The calls about owners as a whole: who there is, forget, the receipts of that, and everything to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypedDict, Unpack
from urllib.parse import quote

import orjson

from scrubjay.client.views import ExaminedView, Page, ReceiptView, View
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


class OwnerCalls:
    """Part of the client.

    Args:
        wire: to the server.
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

    async def receipts(self, *, page: int = 1, page_size: int = 20, cursor: str | None = None) -> Page[ReceiptView]:
        """The receipts of erases, newest first; they hold no personal data."""
        query = {"page": page, "page_size": page_size, "cursor": cursor}
        answer = await self._wire.ask("GET", "/receipts", safe=True, params=query)
        return Page[ReceiptView].model_validate(answer)

    async def receipt(self, receipt_id: str) -> ReceiptView:
        """One receipt."""
        answer = await self._wire.ask("GET", f"/receipts/{quote(receipt_id, safe='')}", safe=True)
        return ReceiptView.model_validate(answer)

    async def verify_receipt(self, receipt: ReceiptView | Mapping[str, Any], **owner: Unpack[Owner]) -> ExaminedView:
        """Whether a receipt holds; with an owner's ids also whether it is about them and whether they are gone.

        Args:
            receipt: as it was given out.
            owner: user_id, agent_id, run_id, app_id, just as they were named for the erase.
        """
        document = receipt.model_dump(mode="json") if isinstance(receipt, ReceiptView) else dict(receipt)
        body = {"receipt": document, **owner}
        return ExaminedView.model_validate(await self._wire.ask("POST", "/receipts/verify", safe=True, json=body))

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
