"""Every Redis key of Scrubjay, by name. What each holds and when it ends stands in `tests/key_catalog.py`."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.model import Lane, Status
from scrubjay.model.names import REDIS_PREFIX


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one installation's keys.

    Args:
        prefix: what all of them start with; installations with different ones can share a Redis.
    """

    prefix: str = REDIS_PREFIX

    @property
    def nothing(self) -> str:
        """There is no such key: deleting it is a write that needs no memory and changes nothing."""
        return f"{self.prefix}nothing"

    @property
    def lanes(self) -> str:
        """The lanes with work, by when they are to be looked at; ready ones by since when they are due, far ahead."""
        return f"{self.prefix}lanes"

    @property
    def ready_tenants(self) -> str:
        """The tenants that have ready lanes, by virtual time. See `lua/_ready.lua`, which names these three."""
        return f"{self.prefix}ready_tenants"

    @property
    def served(self) -> str:
        """The virtual time of each tenant that had a turn lately: how many batches of theirs were taken on."""
        return f"{self.prefix}served"

    def ready(self, tenant: str) -> str:
        """The tenant's lanes that are ready, by since when they are due."""
        return f"{self.prefix}ready:{tenant}"

    @property
    def due(self) -> str:
        """Since when the first turn of each lane with work is due."""
        return f"{self.prefix}due"

    @property
    def workers(self) -> str:
        """The worker processes that were seen lately."""
        return f"{self.prefix}workers"

    @property
    def probe(self) -> str:
        """Written to see whether Redis takes writes."""
        return f"{self.prefix}probe"

    @property
    def backlog(self) -> str:
        """How many turns wait, of all tenants."""
        return f"{self.prefix}backlog"

    @property
    def clock(self) -> str:
        """The order counter and the monotonic clock."""
        return f"{self.prefix}clock"

    @property
    def tenants(self) -> str:
        """The tenants."""
        return f"{self.prefix}tenants"

    @property
    def sweeper(self) -> str:
        """That somebody has just swept."""
        return f"{self.prefix}sweeper"

    @property
    def removals(self) -> str:
        """Erases and deletions that are to be repeated."""
        return f"{self.prefix}removals"

    @property
    def removal_failures(self) -> str:
        """How often each of them could not be repeated."""
        return f"{self.prefix}removal_failures"

    @property
    def audit(self) -> str:
        """How far the audit of the ledgers is."""
        return f"{self.prefix}audit"

    @property
    def server_key(self) -> str:
        """The server's key, where the settings name none."""
        return f"{self.prefix}server_key"

    @property
    def api_keys(self) -> str:
        """The API keys."""
        return f"{self.prefix}api_keys"

    @property
    def api_keys_changed(self) -> str:
        """How often those have changed."""
        return f"{self.prefix}api_keys_changed"

    @property
    def hooks_due(self) -> str:
        """When webhooks are to be looked at."""
        return f"{self.prefix}hooks_due"

    @property
    def statuses_prefix(self) -> str:
        """What every status set starts with; tenant and status follow."""
        return f"{self.prefix}status:"

    @property
    def waiting_prefix(self) -> str:
        """What every list of waiting turns starts with; the lane follows."""
        return f"{self.prefix}wait:"

    def turn_prefix(self, tenant: str) -> str:
        """What every turn key of a tenant starts with; the turn's id follows."""
        return f"{self.prefix}turn:{tenant}:"

    def turn(self, tenant: str, turn_id: str) -> str:
        """One turn."""
        return self.turn_prefix(tenant) + turn_id

    def text_prefix(self, tenant: str) -> str:
        """What every text key of a tenant starts with; the turn's id follows."""
        return f"{self.prefix}text:{tenant}:"

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
        """The tenant's books."""
        return f"{self.prefix}ledger:{tenant}"

    def waiting(self, lane: Lane) -> str:
        """The ids of the lane's turns that wait, in order."""
        return f"{self.waiting_prefix}{lane.key}"

    def lane(self, lane: Lane) -> str:
        """The lane's clock and counters."""
        return f"{self.prefix}lane:{lane.key}"

    def lease(self, lane: Lane) -> str:
        """The lane's lease."""
        return f"{self.prefix}lease:{lane.key}"

    def erasing(self, lane: Lane) -> str:
        """The token of the erase that holds the lane's lease."""
        return f"{self.prefix}erasing:{lane.key}"

    def plan(self, lane: Lane) -> str:
        """The lane's recorded plan."""
        return f"{self.prefix}plan:{lane.key}"

    def owned(self, lane: Lane) -> str:
        """The lane's turns by time."""
        return f"{self.prefix}owned:{lane.key}"

    def dead(self, lane: Lane) -> str:
        """The lane's dead turns by time."""
        return f"{self.prefix}dead:{lane.key}"

    def idempotency(self, tenant: str, key: str) -> str:
        """One idempotency key, by what stands for it."""
        return f"{self.prefix}idem:{tenant}:{key}"

    def epoch(self, tenant: str, owner: str) -> str:
        """When a scope was last erased, as a number in the order and as a time, by what stands for it."""
        return f"{self.prefix}epoch:{tenant}:{owner}"

    def receipts(self, tenant: str) -> str:
        """The tenant's receipts by time."""
        return f"{self.prefix}receipts:{tenant}"

    def receipt_prefix(self, tenant: str) -> str:
        """What every receipt's key of a tenant starts with; its id follows."""
        return f"{self.prefix}receipt:{tenant}:"

    def gated(self, tenant: str) -> str:
        """The tenant's settled turns that no model was asked about, as they plainly hold nothing."""
        return self.status_prefix(tenant) + "gated"

    def usage(self, tenant: str) -> str:
        """What models have cost the tenant, by model."""
        return f"{self.prefix}usage:{tenant}"

    def guidance(self, tenant: str) -> str:
        """The tenant's guidance on what to remember."""
        return f"{self.prefix}guidance:{tenant}"

    def hooks(self, tenant: str) -> str:
        """The tenant's webhooks. The keys below are also named in `lua/_deliveries.lua`."""
        return f"{self.prefix}hooks:{tenant}"

    def hook_counts(self, tenant: str) -> str:
        """How many deliveries the tenant has had."""
        return f"{self.prefix}hook_counts:{tenant}"

    def delivery(self, tenant: str, delivery_id: str) -> str:
        """One delivery."""
        return f"{self.prefix}delivery:{tenant}:{delivery_id}"

    def hook(self, tenant: str, webhook_id: str) -> str:
        """What stands for a webhook in the names of its keys, and among those that are due."""
        return f"{tenant}:{webhook_id}"

    def hook_waiting(self, own: str) -> str:
        """A webhook's deliveries that wait, by number."""
        return f"{self.prefix}hook_waiting:{own}"

    def hook_done(self, own: str) -> str:
        """A webhook's deliveries that are done, by number."""
        return f"{self.prefix}hook_done:{own}"

    def hook_awake(self, own: str) -> str:
        """That somebody is at a webhook's deliveries, or has been rung for."""
        return f"{self.prefix}hook_awake:{own}"

    def hook_outbox_prefix(self) -> str:
        """What the outbox of every lane starts with; the lane follows."""
        return f"{self.prefix}hook_outbox:"

    def hook_outbox(self, lane: Lane) -> str:
        """The lane's settled turns of which the webhooks have not been told yet, by id and in order."""
        return self.hook_outbox_prefix() + lane.key

    def hook_lanes(self, tenant: str) -> str:
        """The tenant's lanes whose outbox is not empty, by since when."""
        return f"{self.prefix}hook_lanes:{tenant}"

    def digest(self, tenant: str, name: str) -> str:
        """The order of a digest by its id, or the id of the latest one with some filters."""
        return f"{self.prefix}digest:{tenant}:{name}"

    def digests(self, tenant: str, owner: str) -> str:
        """The ids of the orders that name an owner, by what stands for them."""
        return f"{self.prefix}digests:{tenant}:{owner}"

    def rate(self, name: str) -> str:
        """The requests that a key may still make."""
        return f"{self.prefix}rate:{name}"

    def unwell(self, part: str) -> str:
        """Since when a part does not work."""
        return f"{self.prefix}unwell:{part}"

    def breaker(self, name: str) -> str:
        """An endpoint's breaker."""
        return f"{self.prefix}breaker:{name}"

    def breaker_calls(self, name: str) -> str:
        """The calls that an endpoint's breaker has let through one by one."""
        return f"{self.prefix}breaker:{name}:calls"

    def outcomes(self, name: str) -> str:
        """What became of the last calls of an endpoint in one step of remembering."""
        return f"{self.prefix}outcomes:{name}"

    def outcomes_marks(self, name: str) -> str:
        """When such a call was last answered to an owner, and a turn last died with few others to compare it with."""
        return f"{self.prefix}outcomes_marks:{name}"

    def prefixes(self, lane: Lane) -> tuple[str, str]:
        """What the turn keys and the status sets of the lane's tenant start with."""
        return self.turn_prefix(lane.tenant), self.status_prefix(lane.tenant)


DEFAULT_KEYS = Keys()
