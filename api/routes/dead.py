"""Dead letters: turns that could not be remembered, kept with their error until somebody replays or discards them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from scrubjay.api.auth import Admin, AdminAtScreen
from scrubjay.api.dependencies import Opened, Paged, page_of
from scrubjay.api.middleware.strict_json import Route
from scrubjay.api.openapi import refusals
from scrubjay.api.routes.turns import with_messages
from scrubjay.api.schemas.dead_letters import DeadIn, DeadOut, RehearsalOut, RehearsedOut, ReplayedOut, Which
from scrubjay.api.schemas.turns import TurnToldPage
from scrubjay.bootstrap import Parts
from scrubjay.ingest.replay_preview import Rehearsal, look, rehearse
from scrubjay.ports import Revived

router = APIRouter(route_class=Route, tags=["dead letters"], responses=refusals(502))


@router.get("/dead")
async def list_dead(request: Request, caller: Admin, parts: Opened, page: Paged, which: Which) -> TurnToldPage:
    """List dead letters with their texts and errors, newest first."""
    part = await parts.turns.dead_page(caller.tenant, which.which, page)
    return page_of(TurnToldPage, request, page, part, await with_messages(caller.reach, part.items, parts))


@router.post("/dead/replay")
async def replay(body: DeadIn, caller: AdminAtScreen, parts: Opened) -> RehearsalOut | ReplayedOut:
    """Replay dead letters: put them back into their lanes, oldest first, with their own times.

    A replay obeys the limits of the turns that wait: what does not fit stays dead (`left`, `reason`).

    A dry run (`dry_run`) changes nothing. It tries each turn alone against what is stored now, so a second turn of an
    owner does not see what the first one would change.
    """
    if body.dry_run:
        limit = body.tried_at_most
        return _rehearsal(await rehearse(caller.tenant, body.which, parts.preview, limit=limit))
    return ReplayedOut.of(await _revive(body, caller.tenant, parts, replay=True))


@router.post("/dead/discard")
async def discard(body: DeadIn, caller: AdminAtScreen, parts: Opened) -> RehearsalOut | DeadOut:
    """Discard dead letters: their texts are removed. With `dry_run`, only show which."""
    if body.dry_run:
        return _rehearsal(await look(caller.tenant, body.which, parts.turns, limit=body.tried_at_most))
    return DeadOut(count=(await _revive(body, caller.tenant, parts, replay=False)).count)


async def _revive(body: DeadIn, tenant: str, parts: Parts, *, replay: bool) -> Revived:
    return await parts.dead_letters.revive(tenant, await parts.turns.dead(tenant, body.which), replay=replay)


def _rehearsal(rehearsal: Rehearsal) -> RehearsalOut:
    results = [RehearsedOut.of(result) for result in rehearsal.results]
    return RehearsalOut(count=rehearsal.count, untried=rehearsal.untried, results=results)
