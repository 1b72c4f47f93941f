"""Scripts of webhooks: their records, deliveries that are noted, claimed and reported, and the wake-ups for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from scrubjay.adapters.redis.lane_names import LaneScripts
from scrubjay.adapters.redis.limits import InboxLimits
from scrubjay.adapters.redis.scripts.leases import ensure_ours
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.model import Delivery, Lease, Notification, Outcome
from scrubjay.ports import WakeupMessages

AWAKE_MS = 10_000  # the worker that was woken asks for a delivery before that, again and again
ALL = ""  # in the place of a webhook's id: all of a tenant's, whose outboxes are to be worked off
_DELIVERIES_AT_ONCE = 20  # noted in a step: some hundred commands
_MOST_IN_QUEUE = 256  # a webhook whose message does not go in is told of by the sweep


class WebhookChange(NamedTuple):
    """A change of a tenant's webhooks.

    Args:
        kind: what is done. What is buried is there for nobody, until it is removed.
        webhook_id: of which.
        document: its record; empty where it is removed.
        most: how many the tenant may have, where one is added.
    """

    kind: Literal["add", "replace", "withdraw", "remove"]
    webhook_id: str
    document: bytes = b""
    most: int = 0


class ClaimedDelivery(NamedTuple):
    """A delivery that is due.

    Args:
        id: its id.
        fields: of its hash.
        webhook: the webhook's record.
    """

    id: str
    fields: Mapping[bytes, bytes]
    webhook: bytes


class FannedOut(NamedTuple):
    """What a step over the outboxes came to.

    Args:
        noted: how many deliveries were noted.
        is_more: whether there is more to note.
    """

    noted: int
    is_more: bool


async def hook(scripts: RedisScripts, tenant: str, change: WebhookChange) -> bool:
    """Change a tenant's webhooks; False, and nothing is changed, where the change is not possible."""
    keys = scripts.keys
    args: list[Argument] = [change.kind, change.webhook_id, change.document]
    args += [keys.hook(tenant, change.webhook_id), change.most]
    return bool(await scripts.run("hook", [keys.hooks(tenant), keys.hooks_due], args))


async def hook_send_wakeup(scripts: RedisScripts, own: str, wakeups: WakeupMessages, *, leave: bool) -> int:
    """Send a message for a webhook that is due, unless somebody is at it; returns how many were sent.

    Args:
        scripts: runs it.
        own: what stands for the webhook.
        wakeups: makes the message.
        leave: whoever is at it is about to leave.
    """
    keys = scripts.keys
    names = [keys.hook_awake(own), keys.hooks_due, wakeups.queue]
    args: list[Argument] = [own, wakeups.hook_message(own), AWAKE_MS, int(leave), _MOST_IN_QUEUE]
    return int(await scripts.run("hook_send_wakeup", names, args))


async def hook_fan_out(scripts: RedisScripts, tenant: str, lane_id: str | None, retention_seconds: int) -> FannedOut:
    """Note the next deliveries of what settled turns did.

    Args:
        scripts: runs it.
        tenant: whose.
        lane_id: of one lane; None: of the one that waits longest.
        retention_seconds: how long a delivery is kept once it is done.
    """
    keys = scripts.keys
    names = [keys.hooks(tenant), keys.hook_lanes(tenant), keys.hook_awake(keys.hook(tenant, ALL)), keys.hooks_due]
    args: list[Argument] = [tenant, _DELIVERIES_AT_ONCE, retention_seconds, keys.turn_prefix(tenant)]
    args += [AWAKE_MS, "" if lane_id is None else lane_id]
    noted, is_more = await scripts.run("hook_fan_out", names, args)
    return FannedOut(int(noted), bool(is_more))


async def hook_note(lanes: LaneScripts, lease: Lease, notification: Notification, limits: InboxLimits) -> list[str]:
    """Note a change by hand before it is made; returns the deliveries' ids. Raises LeaseLost."""
    keys, lane = lanes.keys, await lanes.of(lease.lane)
    args: list[Argument] = [lease.token, lane.tenant, lane.id_in_tenant, notification.event.value]
    args += [limits.finish_ms, limits.retention_seconds, "memory", notification.memory_id]
    args += ["version", notification.version] if notification.version is not None else []
    args += [cell for pair in notification.scope.ids.items() for cell in pair]
    delivery_ids = await lanes.run("hook_note", [lane.lease, keys.hooks(lane.tenant)], args)
    ensure_ours(delivery_ids is not None, lease.lane)
    return [delivery_id.decode() for delivery_id in delivery_ids]


async def hook_again(scripts: RedisScripts, tenant: str, delivery_ids: Sequence[str]) -> int:
    """Let deliveries be sent at once, however they stand; returns how many there were."""
    return int(await scripts.run("hook_again", [], [tenant, *delivery_ids]))


async def hook_drop(scripts: RedisScripts, tenant: str, delivery_ids: Sequence[str | bytes]) -> int:
    """Forget deliveries; returns how many there were."""
    return int(await scripts.run("hook_drop", [], [tenant, *delivery_ids]))


async def hook_claim(
    scripts: RedisScripts, tenant: str, webhook_id: str, claim_ms: int, *, busy: bool
) -> ClaimedDelivery | None:
    """Claim the next delivery that is due, counted as attempted; None where there is none.

    Args:
        scripts: runs it.
        tenant: whose.
        webhook_id: of which webhook.
        claim_ms: for so many milliseconds nobody else gets it.
        busy: the caller asks again soon.
    """
    args: list[Argument] = [tenant, webhook_id, claim_ms, AWAKE_MS, int(busy)]
    answer = await scripts.run("hook_claim", [scripts.keys.hooks(tenant), scripts.keys.hooks_due], args)
    if not answer:
        return None
    delivery_id, row, webhook = answer
    return ClaimedDelivery(delivery_id.decode(), dict(zip(row[::2], row[1::2], strict=True)), webhook)


async def hook_report(
    scripts: RedisScripts, tenant: str, delivery: Delivery, outcome: Outcome, retention_seconds: int
) -> None:
    """Note what an attempt came to; the delivery is kept for so many seconds once it is done."""
    args: list[Argument] = [tenant, delivery.webhook_id, delivery.id, delivery.attempts, outcome.status.value]
    args += ["" if outcome.status_code is None else outcome.status_code, outcome.error or ""]
    args += [int(outcome.delay_seconds * 1000), int(outcome.rest_seconds * 1000), retention_seconds]
    await scripts.run("hook_report", [], args)


async def hook_test(scripts: RedisScripts, tenant: str, webhook_id: str, retention_seconds: int) -> str | None:
    """Note a test for a webhook; returns the delivery's id, None where there is no such webhook."""
    args: list[Argument] = [tenant, webhook_id, retention_seconds]
    delivery_id = await scripts.run("hook_test", [scripts.keys.hooks(tenant)], args)
    return delivery_id.decode() if delivery_id else None
