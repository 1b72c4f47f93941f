"""Scripts of the sweep: who sweeps, which lanes are due, what is past its retention, whether the ledgers balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scrubjay.adapters.redis.codec import decode_ledger, waiting_counted
from scrubjay.adapters.redis.limits import MOST_MESSAGES
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.model.ledger import Ledger
from scrubjay.ports import WakeupMessages


class Term(NamedTuple):
    """A process was elected to sweep.

    Args:
        monotonic_ms: the monotonic clock.
        now_us: Redis' time, in microseconds since 1970.
    """

    monotonic_ms: int
    now_us: int


class Trimmed(NamedTuple):
    """A chunk of a set that was looked through.

    Args:
        seen: how many turns were looked at; fewer than were asked for: the end was reached.
        ended: how many of them were dropped.
    """

    seen: int
    ended: int


class AuditedLedger(NamedTuple):
    """A tenant's ledger beside what there is.

    Args:
        tenant: whose.
        ledger: what it says, with the turns of the statuses in which they wait.
        counted: how many wait as the ledger counts them.
        listed: how many stand in the tenant's waiting lists; None where those were not counted.
    """

    tenant: str
    ledger: Ledger
    counted: int
    listed: int | None


class AuditStep(NamedTuple):
    """Some tenants' ledgers.

    Args:
        cursor: where the next step begins.
        backlog: how many turns wait, as the counter says.
        listed: how many stand in all waiting lists; None where too many lanes are awake to count.
        ledgers: of the tenants of this step.
    """

    cursor: bytes
    backlog: int
    listed: int | None
    ledgers: Sequence[AuditedLedger]


async def elect(scripts: RedisScripts, term_ms: int) -> Term | None:
    """Ask whether to sweep: the first to ask in a term of so many milliseconds is told so; None for the others."""
    answer = await scripts.run("elect", [scripts.keys.sweeper], [term_ms])
    return Term(*map(int, answer)) if answer else None


async def wake(scripts: RedisScripts, most: int, longest_ms: int) -> int:
    """Make lanes ready that are due; returns how many were looked at.

    Args:
        scripts: runs it.
        most: so many at most; fewer were looked at where no more are due.
        longest_ms: nobody holds a lease for longer, in milliseconds.
    """
    return int(await scripts.run("wake", [], [most, longest_ms]))


async def send_wakeups(scripts: RedisScripts, wakeups: WakeupMessages, count: int) -> int:
    """Send so many wake-up messages, as far as lanes are ready and few are in the queue; returns how many."""
    messages = [wakeups.message() for _ in range(count)]
    return int(await scripts.run("send_wakeups", [wakeups.queue], [MOST_MESSAGES, *messages]))


async def trim(scripts: RedisScripts, tenant_set: tuple[str, str], oldest_us: int, *, rank: int, most: int) -> Trimmed:
    """Drop from a part of a set the turns whose hashes have ended.

    Args:
        scripts: runs it.
        tenant_set: the tenant, and the set's key.
        oldest_us: only turns that were accepted before, in microseconds since 1970, can have ended.
        rank: where the part begins.
        most: how many are looked at.
    """
    tenant, name = tenant_set
    args: list[Argument] = [scripts.keys.turn_prefix(tenant), oldest_us, rank, most]
    return Trimmed(*map(int, await scripts.run("trim", [name], args)))


async def audit(scripts: RedisScripts, most_tenants: int, most_lanes: int) -> AuditStep:
    """Read the next few tenants' ledgers and count what waits, all at one moment.

    Args:
        scripts: runs it.
        most_tenants: about so many tenants.
        most_lanes: the turns of more lanes are not counted.
    """
    keys = scripts.keys
    names = [keys.audit, keys.tenants, keys.lanes, keys.backlog]
    prefixes = [keys.ledger(""), keys.statuses_prefix]
    (cursor, backlog, listed), *rows = await scripts.run("audit", names, [*prefixes, most_tenants, most_lanes])
    ledgers = [
        AuditedLedger(
            tenant=tenant.decode(),
            ledger=decode_ledger(fields, waiting),
            counted=waiting_counted(fields),
            listed=None if in_lists < 0 else in_lists,
        )
        for tenant, waiting, in_lists, fields in rows
    ]
    return AuditStep(cursor, backlog, None if listed < 0 else listed, ledgers)


async def audited(scripts: RedisScripts, cursor: bytes, drift: int | None) -> None:
    """Note that ledgers were audited.

    Args:
        scripts: runs it.
        cursor: where the next step begins.
        drift: by how many turns the backlog counter says more than wait; None where that was not counted.
    """
    await scripts.run("audited", [scripts.keys.audit], [cursor, "" if drift is None else drift])
