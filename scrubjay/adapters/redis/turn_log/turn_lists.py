"""Lists of turns on Redis: a tenant's or a user's, by status, the dead ones that are meant; newest first, in parts."""

from __future__ import annotations

from dataclasses import replace

import structlog
from redis.asyncio import Redis

from scrubjay.adapters.redis.codec import decode_status
from scrubjay.adapters.redis.lane_names import LaneKeys, LaneScripts
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.trimming import trim_ended
from scrubjay.adapters.redis.turn_log.dead_letters import matching
from scrubjay.adapters.redis.turn_log.lists import newest, walked
from scrubjay.errors import NewerFormat
from scrubjay.model import DEEPEST, After, DeadFilter, Lane, Page, Slice, Status, TurnStatus
from scrubjay.model.pages import sliced

log = structlog.get_logger(__name__)

LIVE = (Status.QUEUED, Status.RUNNING, Status.RETRYING)
_CHUNK = 500


class TurnLists:
    """The lists of the port `TurnLog`.

    Args:
        redis: an open client with undecoded answers.
        lanes: runs the steps, and names lanes.
        retention_seconds: how long a settled turn is kept.
    """

    def __init__(self, redis: Redis, lanes: LaneScripts, retention_seconds: int) -> None:
        self._redis = redis
        self._lanes, self._scripts, self._keys = lanes, lanes.scripts, lanes.keys
        self._retention_us = retention_seconds * 1_000_000

    async def of_tenant(self, tenant: str, status: Status | None, page: Page) -> Slice[TurnStatus]:
        """A part of a tenant's turns."""
        sets = [self._keys.status(tenant, value) for value in ([status] if status else Status)]
        return await self._shown(tenant, await newest(self._scripts, sets, page))

    async def gated(self, tenant: str, page: Page) -> Slice[TurnStatus]:
        """A part of the turns that were settled without asking a model."""
        return await self._shown(tenant, await newest(self._scripts, [self._keys.gated(tenant)], page))

    async def of_user(self, tenant: str, user_id: str, status: Status | None, page: Page) -> Slice[TurnStatus]:
        """A part of a user's turns. An erased turn is nobody's any more."""
        await self._lanes.refresh()
        lane = await self._lanes.of(Lane(tenant=tenant, kind="user", name=user_id))
        await self._trim(lane)
        if status is Status.ERASED:
            return Slice(0, [])
        if status is Status.SETTLED:
            places = await self._settled(lane, page)
        elif status in LIVE:
            places = sliced(await self._waiting(lane, status), page)
        else:
            owned = [] if status is Status.DEAD else [lane.owned]
            places = await newest(self._scripts, [*owned, lane.dead], page)
        return await self._shown(tenant, places)

    async def dead(self, tenant: str, which: DeadFilter, page: Page) -> Slice[TurnStatus]:
        """A part of the dead turns that are meant. Of a filter that names no user the newest 10,000 are counted."""
        if which.is_open:
            return await self.of_tenant(tenant, Status.DEAD, page)
        meant, end = await matching(self._redis, self._lanes, tenant, which)
        count = len(meant)
        if page.after is not None and end is not None and _order(page.after) <= _order(end):
            meant, end = await matching(self._redis, self._lanes, tenant, which, page.after)
        part = sliced([(place, place) for place in meant], page, count)
        # Where not all were looked through, the list goes on behind the last one that was.
        return await self._shown(tenant, part if part.after is not None else replace(part, after=end))

    async def _settled(self, lane: LaneKeys, page: Page) -> Slice[After]:
        """The index of a lane names what waits in it and what is settled."""
        names = await answered(self._redis.lrange(lane.waiting, 0, -1))
        waiting = {name.decode() for name in names}
        skip, part = page.offset, list[After]()
        async for places in walked(self._scripts, [lane.owned], page.after):
            part += [place for place in places if place.name not in waiting]
            if len(part) > skip + page.size:
                break
        count = max(0, int(await answered(self._redis.zcard(lane.owned))) - len(waiting))
        part = part[skip:]
        return Slice(count, part[: page.size], part[page.size - 1] if len(part) > page.size else None)

    async def _waiting(self, lane: LaneKeys, status: Status) -> list[tuple[After, After]]:
        """What waits in a lane in one status, the newest first, of the first 10,000 turns."""
        ids = [name.decode() for name in await answered(self._redis.lrange(lane.waiting, 0, DEEPEST - 1))]
        places = list[After]()
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for turn_id in chunk:
                    pipeline.hmget(self._keys.turn(lane.tenant, turn_id), "status", "accepted_us")
                rows = await answered(pipeline.execute())
            known = zip(chunk, rows, strict=True)
            places += [
                After(stamp=int(row[1]), name=turn_id) for turn_id, row in known if row[0] == status.value.encode()
            ]
        return [(place, place) for place in sorted(places, key=_order, reverse=True)]

    async def _trim(self, lane: LaneKeys) -> None:
        """Drop from a lane's index the turns whose hashes have ended: they are not there, and are not counted."""
        now_s, now_us = await answered(self._redis.time())
        oldest_us = now_s * 1_000_000 + now_us - self._retention_us
        await trim_ended(self._redis, self._scripts, (lane.tenant, lane.owned), oldest_us)

    async def _shown(self, tenant: str, places: Slice[After]) -> Slice[TurnStatus]:
        """The turns of a part of a list; those that have ended meanwhile are not counted."""
        ids = [place.name for place in places.items]
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hgetall(self._keys.turn(tenant, turn_id))
            rows = await answered(pipeline.execute())
        turns, ended = list[TurnStatus](), 0
        for turn_id, row in zip(ids, rows, strict=True):
            try:
                turns += [decode_status(turn_id, row)] if row else []
                ended += not row
            except NewerFormat as error:
                log.warning("left_out", reason=error.plain)
        return Slice(max(0, places.count - ended), turns, places.after)


def _order(place: After) -> tuple[int, str]:
    return place.stamp, place.name
