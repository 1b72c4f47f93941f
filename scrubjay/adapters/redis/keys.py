"""Every Redis key of Scrubjay, by name. What each holds and when it ends stands in `tests/key_catalog.py`."""

from __future__ import annotations

from scrubjay.model import Lane, Status

LANES = "sj:lanes"
DUE = "sj:due"  # also named in `lua/_due.lua`
WORKERS = "sj:workers"
PROBE = "sj:probe"
BACKLOG = "sj:backlog"
CLOCK = "sj:clock"  # also named in `lua/_clock.lua`
TENANTS = "sj:tenants"
SWEEPER = "sj:sweeper"
REMOVALS = "sj:removals"
AUDIT = "sj:audit"
SERVER_KEY = "sj:server_key"
API_KEYS = "sj:api_keys"
API_KEYS_CHANGED = "sj:api_keys_changed"
HOOKS_DUE = "sj:hooks_due"
STATUSES = "sj:status:"
WAITING = "sj:wait:"


def turn_prefix(tenant: str) -> str:
    """What every turn key of a tenant starts with; the turn's id follows."""
    return f"sj:turn:{tenant}:"


def turn(tenant: str, turn_id: str) -> str:
    """One turn."""
    return turn_prefix(tenant) + turn_id


def text_prefix(tenant: str) -> str:
    """What every text key of a tenant starts with; the turn's id follows."""
    return f"sj:text:{tenant}:"


def text(tenant: str, turn_id: str) -> str:
    """The words of a settled turn, where they end before its status."""
    return text_prefix(tenant) + turn_id


def status_prefix(tenant: str) -> str:
    """What every status set of a tenant starts with; the status follows."""
    return f"{STATUSES}{tenant}:"


def status(tenant: str, value: Status) -> str:
    """The tenant's turns in one status."""
    return status_prefix(tenant) + value.value


def ledger(tenant: str) -> str:
    """The tenant's books."""
    return f"sj:ledger:{tenant}"


def waiting(lane: Lane) -> str:
    """The ids of the lane's turns that wait, in order."""
    return f"{WAITING}{lane.key}"


def lane(lane: Lane) -> str:
    """The lane's clock and counters."""
    return f"sj:lane:{lane.key}"


def lease(lane: Lane) -> str:
    """The lane's lease."""
    return f"sj:lease:{lane.key}"


def erasing(lane: Lane) -> str:
    """The token of the erase that holds the lane's lease."""
    return f"sj:erasing:{lane.key}"


def plan(lane: Lane) -> str:
    """The lane's recorded plan."""
    return f"sj:plan:{lane.key}"


def owned(lane: Lane) -> str:
    """The lane's turns by time."""
    return f"sj:owned:{lane.key}"


def dead(lane: Lane) -> str:
    """The lane's dead turns by time."""
    return f"sj:dead:{lane.key}"


def idempotency(tenant: str, key: str) -> str:
    """One idempotency key, by what stands for it."""
    return f"sj:idem:{tenant}:{key}"


def epoch(tenant: str, owner: str) -> str:
    """When a scope was last erased, as a number in the order and as a time, by what stands for it."""
    return f"sj:epoch:{tenant}:{owner}"


def receipts(tenant: str) -> str:
    """The tenant's receipts by time."""
    return f"sj:receipts:{tenant}"


def receipt_prefix(tenant: str) -> str:
    """What every receipt's key of a tenant starts with; its id follows."""
    return f"sj:receipt:{tenant}:"


def gated(tenant: str) -> str:
    """The tenant's settled turns that no model was asked about, as they plainly hold nothing."""
    return status_prefix(tenant) + "gated"


def usage(tenant: str) -> str:
    """What models have cost the tenant, by model."""
    return f"sj:usage:{tenant}"


def guidance(tenant: str) -> str:
    """The tenant's guidance on what to remember."""
    return f"sj:guidance:{tenant}"


def hooks(tenant: str) -> str:
    """The tenant's webhooks. The keys below are also named in `lua/_deliveries.lua`."""
    return f"sj:hooks:{tenant}"


def hook_counts(tenant: str) -> str:
    """How many deliveries the tenant has had."""
    return f"sj:hook_counts:{tenant}"


def delivery(tenant: str, delivery_id: str) -> str:
    """One delivery."""
    return f"sj:delivery:{tenant}:{delivery_id}"


def hook(tenant: str, webhook_id: str) -> str:
    """What stands for a webhook in the names of its keys, and among those that are due."""
    return f"{tenant}:{webhook_id}"


def hook_waiting(own: str) -> str:
    """A webhook's deliveries that wait, by number."""
    return f"sj:hook_waiting:{own}"


def hook_done(own: str) -> str:
    """A webhook's deliveries that are done, by number."""
    return f"sj:hook_done:{own}"


def hook_awake(own: str) -> str:
    """That somebody is at a webhook's deliveries, or has been rung for."""
    return f"sj:hook_awake:{own}"


def hook_outbox_prefix() -> str:
    """What the outbox of every lane starts with; the lane follows."""
    return "sj:hook_outbox:"


def hook_outbox(lane: Lane) -> str:
    """The lane's settled turns of which the webhooks have not been told yet, by id and in order."""
    return hook_outbox_prefix() + lane.key


def hook_lanes(tenant: str) -> str:
    """The tenant's lanes whose outbox is not empty, by since when."""
    return f"sj:hook_lanes:{tenant}"


def digest(tenant: str, name: str) -> str:
    """The order of a digest by its id, or the id of the latest one with some filters."""
    return f"sj:digest:{tenant}:{name}"


def digests(tenant: str, owner: str) -> str:
    """The ids of the orders that name an owner, by what stands for them."""
    return f"sj:digests:{tenant}:{owner}"


def rate(name: str) -> str:
    """The requests that a key may still make."""
    return f"sj:rate:{name}"


def unwell(part: str) -> str:
    """Since when a part does not work."""
    return f"sj:unwell:{part}"


def breaker(name: str) -> str:
    """An endpoint's breaker."""
    return f"sj:breaker:{name}"


def breaker_calls(name: str) -> str:
    """The calls that an endpoint's breaker has let through one by one."""
    return f"sj:breaker:{name}:calls"


def prefixes(lane: Lane) -> tuple[str, str]:
    """What the turn keys and the status sets of the lane's tenant start with."""
    return turn_prefix(lane.tenant), status_prefix(lane.tenant)
