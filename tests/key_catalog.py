"""Every kind of key that may stand in Scrubjay's Redis, with when it ends: a key of no kind here is a fault.

Nothing may grow with the number of turns for ever. So a key has a TTL, or leaves with the work it describes, or is
permanent, and then its size has a bound that is said here. `tests/chaos/test_keys.py` holds a used Redis against it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from scrubjay.adapters.redis.lane_names import LaneKeys
from scrubjay.model import Status
from scrubjay.model.names import QUEUE
from tests.redis_keys import keys

_DONE = (Status.SETTLED, Status.ERASED)


class Ends(StrEnum):
    """When a key ends."""

    TTL = "it has a TTL from the start"
    AFTERWARDS = "it has a TTL as soon as nothing is left to do, and none before"
    WITH_WORK = "it leaves with the work that it describes"
    NEVER = "it is permanent"


class Kind(NamedTuple):
    """One kind of key.

    Args:
        pattern: its name; `*` stands for anything.
        holds: what it holds.
        ends: when it ends.
        bound: how long it has to live, or what bounds its size where it has no TTL.
    """

    pattern: str
    holds: str
    ends: Ends
    bound: str

    def fits(self, key: str) -> bool:
        """Whether a key is of this kind."""
        return re.fullmatch(re.escape(self.pattern).replace(r"\*", ".*"), key, re.DOTALL) is not None


TURN = Kind("sj:turn:*", "a turn: status, words, events", Ends.AFTERWARDS, "retention after it settled or was erased")
LANE = Kind("sj:lane:*", "a lane's clock and counters", Ends.AFTERWARDS, "retention after it fell asleep")
OWNED = Kind(
    "sj:owned:*", "a lane's turns by time", Ends.AFTERWARDS, "retention after it fell asleep; trimmed by settling"
)
DELIVERY = Kind(
    "sj:delivery:*", "what is told to a webhook, by ids", Ends.AFTERWARDS, "retention after it was delivered or failed"
)
IDEMPOTENCY = Kind(
    "sj:idem:*",
    "a hashed idempotency key's turn and body hash",
    Ends.AFTERWARDS,
    "a day after its turn ended",
)

KINDS = (
    TURN,
    LANE,
    OWNED,
    DELIVERY,
    Kind("sj:text:*", "the words of a settled turn", Ends.TTL, "text retention, where shorter than the status's"),
    Kind("sj:lease:*", "the fencing token of a lane's holder", Ends.TTL, "the lease"),
    Kind("sj:erasing:*", "that a lane's holder is an erase", Ends.TTL, "the lease"),
    Kind("sj:epoch:*", "when an owner, who is not named, was last erased", Ends.TTL, "receipt retention"),
    IDEMPOTENCY,
    Kind("sj:receipt:*", "the receipt of an erase, without personal data", Ends.TTL, "receipt retention"),
    Kind("sj:receipts:*", "a tenant's receipts by time", Ends.TTL, "receipt retention after the last erase"),
    Kind("sj:digest:*", "the order of a digest, sealed, or its id by its hashed filters", Ends.TTL, "a day"),
    Kind("sj:digests:*", "the ids of the orders that name an owner, hashed", Ends.TTL, "a day after the last"),
    Kind("sj:rate:*", "the requests that a key may still make", Ends.TTL, "two minutes"),
    Kind("sj:breaker:*", "an endpoint's breaker, and the calls it let through", Ends.TTL, "20 minutes after its pause"),
    Kind(
        "sj:outcomes:*",
        "the last calls of a model in one step: whose, hashed, and whether answered",
        Ends.TTL,
        "20 minutes",
    ),
    Kind("sj:outcomes_marks:*", "when such a call was last answered", Ends.TTL, "two days"),
    Kind(keys.workers, "the worker processes that were seen lately", Ends.TTL, "a minute"),
    Kind(keys.probe, "that Redis takes writes", Ends.TTL, "a minute"),
    Kind("sj:unwell:*", "since when a part does not work", Ends.TTL, "ten minutes after the last look"),
    Kind(keys.sweeper, "that somebody has just swept", Ends.TTL, "the time between two sweeps"),
    Kind("sj:wait:*", "what waits in a lane", Ends.WITH_WORK, "the lane's backlog limit"),
    Kind("sj:plan:*", "a lane's recorded plan", Ends.WITH_WORK, "one batch"),
    Kind(keys.lanes, "the lanes that are awake", Ends.WITH_WORK, "lanes with waiting turns"),
    Kind("sj:ready:*", "a tenant's lanes that are ready", Ends.WITH_WORK, "lanes with waiting turns"),
    Kind(keys.ready_tenants, "the tenants that have ready lanes", Ends.WITH_WORK, "one name a tenant"),
    Kind(
        keys.served,
        "how many batches of each tenant were taken on",
        Ends.TTL,
        "a minute after the last one of all",
    ),
    Kind(
        keys.due, "since when the first turn of each lane with work is due", Ends.WITH_WORK, "lanes with waiting turns"
    ),
    Kind(keys.removals, "erases and deletes to be repeated once, sealed", Ends.WITH_WORK, "those of the last minute"),
    Kind(keys.removal_failures, "how often a removal could not be repeated", Ends.WITH_WORK, "removals that failed"),
    Kind("sj:status:*", "a tenant's turns in a status, by time", Ends.WITH_WORK, "turns whose hash is there"),
    Kind("sj:dead:*", "a lane's dead turns by time", Ends.WITH_WORK, "dead turns that nobody has judged yet"),
    Kind("sj:ledger:*", "a tenant's books", Ends.NEVER, "a few counters a tenant"),
    Kind("sj:usage:*", "what models cost a tenant", Ends.NEVER, "a few counters a tenant and model"),
    Kind("sj:guidance:*", "a tenant's guidance", Ends.NEVER, "one document a tenant"),
    Kind("sj:hook_lane:*", "a lane's deliveries to a webhook, in order", Ends.WITH_WORK, "the webhook's that wait"),
    Kind("sj:hook_due:*", "when a webhook's lanes are to be delivered", Ends.WITH_WORK, "the webhook's that wait"),
    Kind("sj:hook_waiting:*", "a webhook's deliveries that wait", Ends.WITH_WORK, "10,000 a webhook"),
    Kind(keys.hooks_due, "when webhooks are to be looked at", Ends.WITH_WORK, "one name a webhook, and one a tenant"),
    Kind("sj:hook_outbox:*", "settled turns of a lane that webhooks are to be told of", Ends.TTL, "retention"),
    Kind("sj:hook_lanes:*", "lanes with such turns", Ends.WITH_WORK, "one name a lane"),
    Kind("sj:hook_done:*", "a webhook's deliveries that are done", Ends.TTL, "retention; 1,000 a webhook"),
    Kind("sj:hook_rest:*", "that a receiver asked to be left alone", Ends.TTL, "as long as it asked"),
    Kind("sj:hook_awake:*", "that somebody is at a webhook's deliveries", Ends.TTL, "ten seconds"),
    Kind("sj:hooks:*", "a tenant's webhooks", Ends.NEVER, "20 records a tenant"),
    Kind("sj:hook_counts:*", "how many deliveries a tenant has had", Ends.NEVER, "a few counters a tenant"),
    Kind(keys.tenants, "the tenants", Ends.NEVER, "one name a tenant"),
    Kind(keys.backlog, "how many turns wait", Ends.NEVER, "one number"),
    Kind(keys.audit, "how far the audit of the books is, and when it was", Ends.NEVER, "a few fields"),
    Kind(keys.api_keys, "the API keys, hashed", Ends.NEVER, "one record a key"),
    Kind(keys.api_keys_changed, "how often those have changed", Ends.NEVER, "one number"),
    Kind(keys.server_key, "the server's key, where the settings name none", Ends.NEVER, "one key"),
    Kind(keys.lane_names, "the key that lanes are named with", Ends.NEVER, "one key"),
    Kind(keys.clock, "the order counter, and the monotonic clock", Ends.NEVER, "a few numbers"),
    # Celery's own: kombu's tables of who listens to what, and the bells on their way.
    Kind(QUEUE, "the wake-up messages", Ends.WITH_WORK, "64 for lanes, and one a webhook"),
    Kind(f"_kombu.binding.{QUEUE}", "that the queue exists", Ends.NEVER, "one name"),
    Kind(f"_kombu.binding_permanent.{QUEUE}", "the same", Ends.NEVER, "one name"),
    Kind("_kombu.binding.celery.pidbox", "the workers' letter boxes", Ends.NEVER, "one name a worker's name"),
    Kind(
        "_kombu.binding.reply.celery.pidbox", "who waits for answers", Ends.NEVER, "dropped an hour after its last use"
    ),
    Kind("_kombu.binding.celeryev", "who listens to events", Ends.NEVER, "dropped an hour after its last use"),
    Kind("_kombu.binding_deadlines", "when those are dropped", Ends.NEVER, "three names"),
    Kind("*.reply.celery.pidbox", "answers to `inspect` that nobody took", Ends.TTL, "10 seconds"),
)


def kind_of(key: str) -> Kind | None:
    """The kind of a key; None for a key that should not be there."""
    return next((kind for kind in KINDS if kind.fits(key)), None)


def lane_of(key: str) -> LaneKeys:
    """The lane that a key of the kinds LANE and OWNED belongs to."""
    return LaneKeys(keys, key.split(":", 2)[2])


def has_ttl(kind: Kind, *, status: Status | None = None, waits: bool = False) -> bool:
    """Whether a key of this kind must have a TTL just now; if not, it must have none.

    Args:
        kind: as `kind_of` tells.
        status: of the turn, for TURN.
        waits: for LANE and OWNED, whether turns wait in the lane; for DELIVERY and IDEMPOTENCY, whether it, or its
            turn, waits.
    """
    if kind is TURN:
        return status in _DONE
    if kind.ends is Ends.AFTERWARDS:
        return not waits
    return kind.ends is Ends.TTL
