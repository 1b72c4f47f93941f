"""A Redis in which much is stored, with everything that runs a script on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis

from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.adapters.crypto.owner_hashes import Pseudonyms
from scrubjay.adapters.redis.assembly import turn_adapters
from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker
from scrubjay.adapters.redis.codec import encode_submission
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.erase.receipts import RedisReceipts
from scrubjay.adapters.redis.keyring import RedisKeyring
from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import READY, InboxLimits
from scrubjay.adapters.redis.meter import RedisMeter
from scrubjay.adapters.redis.order import RedisOrder
from scrubjay.adapters.redis.rates import RedisRates
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.adapters.redis.server_key import RedisServerKey
from scrubjay.adapters.redis.turn_log.turns import RedisTurns
from scrubjay.model import Access, ApiKey, Message, Role, Scope, Status, Submission, Webhook
from scrubjay.model.erasure import Left, Places, Receipt, Removal
from scrubjay.model.names import QUEUE
from tests.contract.counting import Counting
from tests.contract.desk import nothing_stored
from tests.redis_keys import keys, lane_keys
from tests.support import wait_until

TENANT = "default"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOOK = Webhook(id="0d3f0a5e-6a5e-4a44-9d5c-5d1f4f3f9a10", url="https://example.com/", created_at=NOW, updated_at=NOW)
FAR_MS = 4_000_000_000_000
LIMITS = InboxLimits(lease_seconds=1.5, sweep_seconds=0.001, max_lane_backlog=10_000_000)
_MOST_WAITING, _MOST_DONE = 3_000, 1_000  # of a webhook: more is refused, or dropped


@dataclass
class World:
    """Everything that runs a script, counting.

    Args:
        redis: an open client.
        size: how many elements are stored of each kind.
    """

    redis: Redis
    size: int
    scripts: Counting = field(init=False)

    def __post_init__(self) -> None:
        redis, scripts, wakeups = self.redis, Counting(self.redis), CeleryWakeups()
        pseudonyms, order = Pseudonyms(RedisServerKey(RedisScripts(redis))), RedisOrder(scripts, nothing_stored)
        self.scripts = scripts
        lanes = LaneScripts(scripts)
        adapters = turn_adapters(RedisCore(redis, lanes, wakeups, LIMITS, pseudonyms, order))
        self.intake, self.sweeper, self.dead_letters = adapters.intake, adapters.sweeper, adapters.dead_letters
        self.turn_erasure, self.removal_notes = adapters.turn_erasure, adapters.removal_notes
        self.lanes, self.pulse = adapters.lanes, adapters.pulse
        self.turns = RedisTurns(redis, lanes)
        self.webhooks, self.deliveries = adapters.webhooks, adapters.deliveries
        self.receipts, self.keyring = RedisReceipts(redis, scripts, 1_000), RedisKeyring(redis, scripts)
        self.meter, self.rates = RedisMeter(scripts), RedisRates(scripts)
        self.breaker = RedisBreaker(scripts, "endpoint", BreakerLimits())

    def names(self, what: str, most: int = 10**9) -> list[str]:
        """The names of what is stored."""
        return [f"{what}-{number}" for number in range(min(self.size, most))]

    def crowded(self, user_id: str) -> Scope:
        """The owner of a lane in which much is stored."""
        return Scope(tenant=TENANT, user_id=user_id)

    async def prepare(self) -> None:
        """Store what is of no lane."""
        redis, own = self.redis, keys.hook(TENANT, HOOK.id)
        assert await self.webhooks.add(TENANT, HOOK, 1)
        await self._sorted(keys.lanes, [f"{TENANT}:user:{name}" for name in self.names("far")], FAR_MS)
        await self._sorted(keys.lanes, [f"crowd:user:{name}" for name in self.names("due")], 0)
        await self._sorted(keys.ready_tenants, self.names("tenant"), 1)
        await self._sorted(keys.served, self.names("tenant"), 0)
        ready = [f"tenant-0:user:{name}" for name in self.names("ready")]
        await self._sorted(keys.ready("tenant-0"), ready, 0)
        await self._sorted(keys.lanes, ready, READY)
        await self._sorted(keys.removals, self.names("removal"), FAR_MS)
        await self._sorted(keys.hooks_due, [f"tenant:{name}" for name in self.names("hook")], FAR_MS)
        await self._sorted(keys.hook_lanes(TENANT), [f"{TENANT}:user:{name}" for name in self.names("lane")], FAR_MS)
        await self._sorted(keys.receipts(TENANT), self.names("receipt"), 1)
        for status in Status:
            await self._sorted(keys.status(TENANT, status), self.names(status.value), 1)
        await self._sorted(keys.gated(TENANT), self.names("settled"), 1)
        await self._sorted(
            keys.hook_waiting(own), [f"{HOOK.id}-w{place}" for place in range(min(self.size, _MOST_WAITING))], 0
        )
        await self._sorted(
            keys.hook_done(own), [f"{HOOK.id}-d{place}" for place in range(min(self.size, _MOST_DONE))], 0
        )
        await self._sorted(f"sj:hook_due:{own}", self.names("lane"), FAR_MS)
        await self._sorted(keys.due, self.names("due"), 0)
        await redis.sadd(keys.tenants, *self.names("tenant"))
        await redis.hset(keys.api_keys, mapping=dict.fromkeys(self.names("key"), "{}"))

    async def _sorted(self, name: str, members: list[str], score: float) -> None:
        await self.redis.zadd(name, {member: score + place for place, member in enumerate(members)})

    async def post(self, scope: Scope) -> str:
        return (await self.intake.accept(said(scope), idempotency_key=None)).id

    async def heartbeat(self) -> None:
        """Wait until a lease was renewed, the first time it is asked."""
        await wait_until(lambda: "renew" in self.scripts.cost, what="a renewed lease")

    async def wake(self, scope: Scope) -> None:
        """As if the lane's pause had passed."""
        await self.redis.zadd(keys.lanes, {(await lane_keys(self.redis, scope.lane)).id: 0})
        await self.redis.hdel((await lane_keys(self.redis, scope.lane)).counters, "wake_us")

    async def rest_over(self) -> None:
        """As if the time between two sweeps had passed."""
        await self.redis.delete(keys.sweeper)

    async def make_due(self) -> None:
        """As if the pauses of the webhook had passed."""
        own = keys.hook(TENANT, HOOK.id)
        await self.redis.zadd(
            f"sj:hook_due:{own}",
            {(await lane_keys(self.redis, Scope(tenant=TENANT, user_id="ana").lane)).id_in_tenant: 0},
        )

    async def unheard(self) -> None:
        """Lose all wake-up messages."""
        await self.redis.delete(QUEUE)

    async def deliveries_behind(self, scope: Scope) -> None:
        """Store many deliveries of a lane behind those that are there."""
        lane_id = (await lane_keys(self.redis, scope.lane)).id_in_tenant
        lane = f"sj:hook_lane:{keys.hook(TENANT, HOOK.id)}:{lane_id}"
        await self.redis.rpush(lane, *self.names("delivery", _MOST_WAITING))

    async def note_removal(self, scope: Scope) -> None:
        await self.removal_notes.note_removal(Removal(scope=scope, memory_id="m1"))

    async def renewed(self) -> None:
        """Wait until the leases of an erase were renewed."""
        await wait_until(lambda: "renew_held" in self.scripts.cost, what="renewed leases")

    async def clocks(self) -> None:
        """Whatever looks at clocks."""
        await self.scripts.run("clock", [], [])
        await self.scripts.run("clock_jumped", [], [60_000])
        await self.redis.zadd(keys.removals, {"due": 0})
        assert await self.removal_notes.unfinished() == []  # nobody can read it: it is put back

    async def server_key(self) -> None:
        await self.scripts.run("server_key", [keys.server_key], ["a fresh one"])

    def receipt(self) -> Receipt:
        return Receipt(
            id="r1", tenant=TENANT, erased_at=NOW, watermark=1, owner="x", scope=("user_id",), turns=1, memories=1,
            verified=True, known=True, counts=Places(), left=Left(), key_id="k",
        )  # fmt: skip

    def key(self, key_id: str) -> ApiKey:
        return ApiKey(id=key_id, tenant=TENANT, access=Access.READ, created_at=NOW, digest="x")


def said(scope: Scope) -> Submission:
    """A turn."""
    return Submission(scope=scope, messages=(Message(role=Role.USER, content="I live in Berlin"),))


def world(redis: Redis, size: int) -> World:
    """A world in which nothing is stored yet."""
    return World(redis, size)


async def stored(made: World, scope: Scope) -> None:
    """Store much in a lane, behind what waits and before what was accepted."""
    lane, body = await lane_keys(made.redis, scope.lane), encode_submission(said(scope))
    await made.redis.rpush(lane.waiting, *made.names("behind"))
    for name in made.names("behind", 20):  # those that a batch reaches
        turn = {
            "v": 1,
            "lane": lane.id,
            "user_id": scope.user_id,
            "status": "queued",
            "accepted_us": 1,
            "attempts": 0,
            "order": 1,
            "body": body,
        }
        await made.redis.hset(keys.turn(TENANT, name), mapping=turn)  # type: ignore[arg-type]
    for name in (lane.owned, lane.dead):
        await made.redis.zadd(name, {member: place for place, member in enumerate(made.names(name))})
