"""All that Redis keeps of an owner's turns, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from redis.asyncio import Redis

from scrubjay.adapters.redis.codec import decode_status
from scrubjay.adapters.redis.lane_names import LaneKeys, LaneScripts
from scrubjay.adapters.redis.scripts.runner import answered
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model import OWNERS, Scope, Turn, TurnStatus

_CHUNK = 200


class RedisOwners:
    """The port `OwnerLog`.

    Args:
        redis: an open client with undecoded answers; closed by whoever opened it.
        turns: what became of the turns.
        lanes: names lanes.
    """

    def __init__(self, redis: Redis, turns: RedisTurns, lanes: LaneScripts) -> None:
        self._redis = redis
        self._turns = turns
        self._lanes, self._keys = lanes, lanes.keys

    async def of(self, scope: Scope) -> AsyncIterator[tuple[TurnStatus, Turn | None]]:
        """Every turn in scope by lane and acceptance, each with what was said as long as that is kept.

        Raises NewerFormat.
        """
        await self._lanes.refresh()
        for lane in await self._turns.lanes(scope):
            async for ids in self._indexed(await self._lanes.of(lane)):
                for pair in await self._statuses(scope, ids):
                    yield pair

    async def _indexed(self, lane: LaneKeys) -> AsyncIterator[list[str]]:
        """The ids of a lane's turns by acceptance; what goes meanwhile moves no page.

        After the clock went back two turns may have one time: a page begins with the time at which the last one ended.
        """
        low, shown = "-inf", set[str]()  # those of the time `low`
        while True:
            rows, end = set[tuple[int, str]](), None
            most = _CHUNK + len(shown)
            for name in (lane.owned, lane.dead):
                call = self._redis.zrangebyscore(name, low, "+inf", start=0, num=most, withscores=True)
                some = [(int(stamp), turn_id.decode()) for turn_id, stamp in await answered(call)]
                rows.update(some)
                if len(some) == most:  # there may be more, which come before what the other one has
                    end = some[-1][0] if end is None else min(end, some[-1][0])
            chunk = [row for row in sorted(rows) if row[1] not in shown and (end is None or row[0] <= end)]
            if not chunk:
                return
            yield [turn_id for _, turn_id in chunk]
            last = chunk[-1][0]
            shown = {turn_id for stamp, turn_id in chunk if stamp == last} | (shown if str(last) == low else set())
            low = str(last)

    async def _statuses(self, scope: Scope, ids: Sequence[str]) -> list[tuple[TurnStatus, Turn | None]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for turn_id in ids:
                pipeline.hgetall(self._keys.turn(scope.tenant, turn_id))
            rows = await answered(pipeline.execute())
        statuses = [decode_status(turn_id, row) for turn_id, row in zip(ids, rows, strict=True) if row]
        ours = [status for status in statuses if scope.ids.items() <= _owner(status).items()]
        return [(status, await self._turns.text(Scope(tenant=scope.tenant), status.id)) for status in ours]


def _owner(status: TurnStatus) -> dict[str, str]:
    ids = {field: getattr(status, field) for field in OWNERS}
    return {field: name for field, name in ids.items() if name is not None}
