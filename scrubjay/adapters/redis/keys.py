"""Every Redis key of Scrubjay, by name. What each holds and when it ends stands in `tests/key_catalog.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scrubjay.model import Status
from scrubjay.model.names import REDIS_PREFIX

_NAMED_IN_SCRIPTS = (
    "backlog",
    "clock",
    "due",
    "hooks_due",
    "lane_names",
    "lanes",
    "nothing",
    "ready_tenants",
    "served",
)
_COMPLETED_IN_SCRIPTS = (
    *("lease", "lane", "owned", "plan", "ledger", "turn", "status", "ready", "delivery", "hook_counts", "hook_outbox"),
    *("hook_waiting", "hook_done", "hook_due", "hook_lane", "hook_rest", "hook_awake"),
)


LaneKeyKind = Literal["wait", "lane", "lease", "erasing", "plan", "owned", "dead", "hook_outbox"]


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one installation's keys.

    Args:
        prefix: what all of them start with; installations with different ones can share a Redis.
        partition: what follows it, to tell the keys of one partition from another's; empty while there is one alone.
    """

    prefix: str = REDIS_PREFIX
    partition: str = ""

    def _key(self, *parts: str) -> str:
        """Make a key: every one is made here."""
        return f"{self.prefix}{self.partition}{':'.join(parts)}"

    @property
    def in_scripts(self) -> dict[str, str]:
        """The keys that Lua scripts name themselves, by what they call them; a name with `_of` is completed there."""
        keys = {name: self._key(name) for name in _NAMED_IN_SCRIPTS}
        completed = {f"{name}_of": self._key(name, "") for name in _COMPLETED_IN_SCRIPTS}
        return {**keys, **completed, "waiting_of": self._key("wait", "")}

    @property
    def nothing(self) -> str:
        """There is no such key: deleting it is a write that needs no memory and changes nothing."""
        return self._key("nothing")

    @property
    def lanes(self) -> str:
        """The lanes with work, by when they are to be looked at; ready ones by since when they are due, far ahead."""
        return self._key("lanes")

    @property
    def ready_tenants(self) -> str:
        """The tenants that have ready lanes, by virtual time. See `lua/_ready.lua`."""
        return self._key("ready_tenants")

    @property
    def served(self) -> str:
        """The virtual time of each tenant that had a turn lately: how many batches of theirs were taken on."""
        return self._key("served")

    def ready(self, tenant: str) -> str:
        """The tenant's lanes that are ready, by since when they are due."""
        return self._key("ready", tenant)

    @property
    def due(self) -> str:
        """Since when the first turn of each lane with work is due."""
        return self._key("due")

    @property
    def workers(self) -> str:
        """The worker processes that were seen lately."""
        return self._key("workers")

    @property
    def probe(self) -> str:
        """Written to see whether Redis takes writes."""
        return self._key("probe")

    @property
    def backlog(self) -> str:
        """How many turns wait, of all tenants."""
        return self._key("backlog")

    @property
    def clock(self) -> str:
        """The order counter and the monotonic clock."""
        return self._key("clock")

    @property
    def tenants(self) -> str:
        """The tenants."""
        return self._key("tenants")

    @property
    def sweeper(self) -> str:
        """That somebody has just swept."""
        return self._key("sweeper")

    @property
    def removals(self) -> str:
        """Erases and deletions that are to be repeated."""
        return self._key("removals")

    @property
    def removal_failures(self) -> str:
        """How often each of them could not be repeated."""
        return self._key("removal_failures")

    @property
    def audit(self) -> str:
        """How far the audit of the ledgers is."""
        return self._key("audit")

    @property
    def server_key(self) -> str:
        """The server's key, where the settings name none."""
        return self._key("server_key")

    @property
    def lane_names(self) -> str:
        """The key of the hashes that stand for lanes, and what tells it from another."""
        return self._key("lane_names")

    @property
    def api_keys(self) -> str:
        """The API keys."""
        return self._key("api_keys")

    @property
    def api_keys_changed(self) -> str:
        """How often those have changed."""
        return self._key("api_keys_changed")

    @property
    def hooks_due(self) -> str:
        """When webhooks are to be looked at."""
        return self._key("hooks_due")

    @property
    def statuses_prefix(self) -> str:
        """What every status set starts with; tenant and status follow."""
        return self._key("status", "")

    def turn_prefix(self, tenant: str) -> str:
        """What every turn key of a tenant starts with; the turn's id follows."""
        return self._key("turn", tenant, "")

    def turn(self, tenant: str, turn_id: str) -> str:
        """One turn."""
        return self.turn_prefix(tenant) + turn_id

    def text_prefix(self, tenant: str) -> str:
        """What every text key of a tenant starts with; the turn's id follows."""
        return self._key("text", tenant, "")

    def text(self, tenant: str, turn_id: str) -> str:
        """The words of a settled turn, where they end before its status."""
        return self.text_prefix(tenant) + turn_id

    def status_prefix(self, tenant: str) -> str:
        """What every status set of a tenant starts with; the status follows."""
        return f"{self.statuses_prefix}{tenant}:"

    def status(self, tenant: str, value: Status) -> str:
        """The tenant's turns in one status."""
        return self.status_prefix(tenant) + value.value

    def ledger(self, tenant: str) -> str:
        """The tenant's ledger."""
        return self._key("ledger", tenant)

    def idempotency(self, tenant: str, key: str) -> str:
        """One idempotency key, by what stands for it."""
        return self._key("idem", tenant, key)

    def epoch(self, tenant: str, owner: str) -> str:
        """When a scope was last erased, as a number in the order and as a time, by what stands for it."""
        return self._key("epoch", tenant, owner)

    def receipts(self, tenant: str) -> str:
        """The tenant's receipts by time."""
        return self._key("receipts", tenant)

    def receipt_prefix(self, tenant: str) -> str:
        """What every receipt's key of a tenant starts with; its id follows."""
        return self._key("receipt", tenant, "")

    def gated(self, tenant: str) -> str:
        """The tenant's settled turns that no model was asked about."""
        return self.status_prefix(tenant) + "gated"

    def usage(self, tenant: str) -> str:
        """What models have cost the tenant, by model."""
        return self._key("usage", tenant)

    def guidance(self, tenant: str) -> str:
        """The tenant's guidance on what to remember."""
        return self._key("guidance", tenant)

    def hooks(self, tenant: str) -> str:
        """The tenant's webhooks."""
        return self._key("hooks", tenant)

    def hook_counts(self, tenant: str) -> str:
        """How many deliveries the tenant has had."""
        return self._key("hook_counts", tenant)

    def delivery(self, tenant: str, delivery_id: str) -> str:
        """One delivery."""
        return self._key("delivery", tenant, delivery_id)

    def hook(self, tenant: str, webhook_id: str) -> str:
        """What stands for a webhook in the names of its keys, and among those that are due."""
        return f"{tenant}:{webhook_id}"

    def hook_waiting(self, own: str) -> str:
        """A webhook's deliveries that wait, by number."""
        return self._key("hook_waiting", own)

    def hook_done(self, own: str) -> str:
        """A webhook's deliveries that are done, by number."""
        return self._key("hook_done", own)

    def hook_awake(self, own: str) -> str:
        """That a worker is at a webhook's deliveries, or has been woken for them."""
        return self._key("hook_awake", own)

    def hook_lanes(self, tenant: str) -> str:
        """The tenant's lanes whose outbox is not empty, by since when."""
        return self._key("hook_lanes", tenant)

    def digest(self, tenant: str, name: str) -> str:
        """The order of a digest by its id, or the id of the latest one with some filters."""
        return self._key("digest", tenant, name)

    def digests(self, tenant: str, owner: str) -> str:
        """The ids of the orders that name an owner, by what stands for them."""
        return self._key("digests", tenant, owner)

    def rate(self, name: str) -> str:
        """The requests that a key may still make."""
        return self._key("rate", name)

    def unwell(self, part: str) -> str:
        """Since when a part does not work."""
        return self._key("unwell", part)

    def breaker(self, name: str) -> str:
        """An endpoint's breaker."""
        return self._key("breaker", name)

    def breaker_calls(self, name: str) -> str:
        """The calls that an endpoint's breaker has let through one by one."""
        return self._key("breaker", name, "calls")

    def outcomes(self, name: str) -> str:
        """What became of the last calls of an endpoint in one step of remembering."""
        return self._key("outcomes", name)

    def outcomes_marks(self, name: str) -> str:
        """When such a call was last answered to an owner, and a turn last died with few others to compare it with."""
        return self._key("outcomes_marks", name)

    def lane_key(self, kind: LaneKeyKind, lane_id: str) -> str:
        """A key of a lane, by what stands for it. See `LaneKeys`."""
        return self._key(kind, lane_id)


DEFAULT_KEYS = Keys()
