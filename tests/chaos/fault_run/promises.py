"""The rest of the ten invariants, and what the books and the logs say."""

from __future__ import annotations

import contextlib
from itertools import groupby, pairwise

from redis.exceptions import RedisError

from tests.chaos.fault_run import words
from tests.chaos.fault_run.checks import GRACE_SECONDS, Finding, Lane, gather, in_order, nothing_lost, nothing_twice
from tests.chaos.fault_run.fault_run import FaultRun
from tests.chaos.fault_run.sizes import Strike
from tests.chaos.scan import all_of_qdrant, all_of_redis
from tests.support import wait_until

_REPEATED_SECONDS = 60
_UNFORESEEN = ("request_failed", "task_failed", "ledger_unbalanced")


async def check(fault_run: FaultRun) -> list[Finding]:
    """Every finding, by number."""
    lanes = await gather(fault_run)
    return [
        ledger_balances(fault_run),
        nothing_lost(fault_run, lanes),
        nothing_twice(lanes),
        in_order(fault_run, lanes),
        poison_alone(fault_run, lanes),
        stops_in_time(fault_run),
        stalled_writes_nothing(fault_run),
        redis_keeps(fault_run),
        no_false_promise(fault_run),
        await forgotten(fault_run),
        nothing_done_without_model(fault_run),
        await edits_stand(fault_run),
    ]


def ledger_balances(fault_run: FaultRun) -> Finding:
    """The ledger at every look and in the end, every answer as it may be, and no error that nobody foresaw."""
    finding = Finding(0, "ledger balanced at every look; only 202, 429 and 503; no unforeseen error")
    witness, record, logs = fault_run.witness, fault_run.record, fault_run.system.logs
    logs.look()
    answers = sum(record.answers.values())
    finding.looked_at = f"{len(witness.seen):,} looks, {answers:,} answers"
    finding.violations += [f"books do not agree {what}" for what in witness.unbalanced]
    finding.violations += record.wrong
    finding.violations += [f"{event} {logs.total(event)} times" for event in _UNFORESEEN if logs.total(event)]
    known = record.accepted + sum(len(leaver.turns) + 1 for leaver in record.leavers)
    known += sum(len(editor.turns) for editor in record.editors) + len(record.probes)
    extra = sum(turn.given_up and turn.id is None for turns in record.sent.values() for turn in turns)
    if not known <= witness.last.accepted <= known + extra + len(record.false_promises):
        finding.violations.append(f"{witness.last.accepted} in the books, {known} to {known + extra} were accepted")
    return finding


def poison_alone(fault_run: FaultRun, lanes: dict[int, Lane]) -> Finding:
    """4: only what is poisoned is dead in the end."""
    finding = Finding(4, "poison dies alone, its neighbours settle")
    poisoned = {turn.id for lane in lanes.values() for turn in lane.sent if turn.poisoned and turn.id}
    dead = {turn.id: turn for lane in lanes.values() for turn in lane.turns if turn.status == "dead"}
    given_up = {i for lane in lanes.values() for i, text in lane.texts.items() if words.POISON in text}
    finding.looked_at = f"{len(poisoned):,} poisoned turns"
    finding.violations += [f"turn {turn_id} is dead and not poisoned" for turn_id in dead.keys() - poisoned - given_up]
    finding.violations += [
        f"the poisoned turn {turn.id} died of {turn.error}"
        for turn in dead.values()
        if not (turn.error or "").startswith(("bad_answer", "worker_lost"))
    ]
    return finding


def stops_in_time(fault_run: FaultRun) -> Finding:
    """5: SIGTERM ends a process within its grace period; what it held is nowhere lost or repeated (1, 2, 3)."""
    seconds = fault_run.strikes.stopped_in
    finding = Finding(
        5,
        f"SIGTERM: ended within {GRACE_SECONDS:g} s",
        f"{len(seconds)} stops, longest {max(seconds, default=0):.1f} s",
    )
    finding.violations += [f"took {duration:.1f} s" for duration in seconds if duration > GRACE_SECONDS]
    return finding


def stalled_writes_nothing(fault_run: FaultRun) -> Finding:
    """6: a lease lost in a stall was noticed; a late write would be a fact twice or a change out of order (2, 3)."""
    lost, stalls = fault_run.system.logs.total("lease_lost"), fault_run.tally.took_effect.get(Strike.WORKER_STALLED, 0)
    finding = Finding(6, "stopped past the lease: noticed, writes nothing (2, 3)", f"{lost} leases lost and noticed")
    finding.violations += [f"{stalls} stalls, {lost} leases lost"] * (lost < stalls)
    return finding


def redis_keeps(fault_run: FaultRun) -> Finding:
    """7: what was accepted before Redis was killed is there (seen by 1); the books never went back."""
    finding = Finding(7, "Redis restarted: nothing accepted is gone, the books never go back")
    seen = [observation.accepted for _, observation in fault_run.witness.seen]
    kills = fault_run.tally.took_effect.get(Strike.REDIS_KILLED, 0)
    finding.looked_at = f"{kills} kills of Redis"
    backwards = [(a, b) for a, b in pairwise(seen) if b < a]
    finding.violations += [f"accepted went from {a} to {b}" for a, b in backwards]
    return finding


def no_false_promise(fault_run: FaultRun) -> Finding:
    """8: no 202 while Redis had no room."""
    fills = fault_run.tally.took_effect.get(Strike.REDIS_FULL, 0)
    return Finding(8, "Redis full: 503, never 202", f"{fills} times full", list(fault_run.record.false_promises))


async def forgotten(fault_run: FaultRun) -> Finding:
    """9: no word of the forgotten in any key of Redis or any point of Qdrant; what they said afterwards is kept."""
    finding = Finding(9, "forgotten in the midst of work: no trace; what is said afterwards stays")
    redis, leavers = fault_run.system.redis, fault_run.record.leavers

    async def repeated() -> bool:
        with contextlib.suppress(RedisError, OSError):  # our own connection may be from before the last kill
            return not await redis.zcard("sj:removals")
        return False

    await wait_until(repeated, deadline_seconds=_REPEATED_SECONDS, what="the erases being repeated", poll_seconds=0.5)
    secrets = {leaver.secret for leaver in leavers}
    port = fault_run.system.running.stderr.read_text().partition("qdrant on ")[2].split()[0]
    points = await all_of_qdrant(f"http://127.0.0.1:{port}")
    places = [*(await all_of_redis(redis)).items(), *(("a point", payload) for payload in points)]
    finding.violations += [f"{secret} in {place}" for place, text in places for secret in secrets if secret in text]
    for leaver in leavers:
        statuses = [(await fault_run.client.turn(turn_id)).status for turn_id in leaver.turns]
        finding.violations += [
            f"a turn of {leaver.user} is {status}, not erased" for status in statuses if status != "erased"
        ]
        if leaver.back is None or (await fault_run.client.turn(leaver.back)).status != "settled":
            finding.violations.append(f"{leaver.user} came back and was not remembered")
        elif [kept.memory for kept in (await fault_run.client.memories(user_id=leaver.user)).results] != [
            "I am back again."
        ]:
            finding.violations.append(f"{leaver.user} came back and something else is remembered")
    finding.looked_at = f"{len(leavers)} owners, {len(places):,} keys and points"
    return finding


def nothing_done_without_model(fault_run: FaultRun) -> Finding:
    """10: what was accepted while the model was gone is settled only after it was back."""
    finding = Finding(10, "model gone: accepted, waits, nothing marked done; drains afterwards")
    finding.looked_at = f"{fault_run.strikes.gone:,} turns accepted without it"
    finding.violations += [
        f"turn {turn} was settled without the model" for turn in fault_run.strikes.done_without_model
    ]
    return finding


async def edits_stand(fault_run: FaultRun) -> Finding:
    """11: the last edit that was confirmed stands, and its history holds every confirmed one, in order."""
    finding, edits = Finding(11, "edited by hand: the last edit stands, all of them in order"), 0
    for editor in fault_run.record.editors:
        edits += len(editor.texts)
        if not editor.texts:
            continue
        stands = (await fault_run.client.memory(editor.memory)).memory
        if stands != editor.texts[-1]:
            finding.violations.append(f"{editor.user}: {stands!r} stands, {editor.texts[-1]!r} was confirmed last")
        versions = [str(version["memory"]) for version in await fault_run.client.history(editor.memory)]
        seen = [text for text, _ in groupby(versions) if text in editor.texts]
        # As with the turns: where the clock was moved, the history goes by the times that it told.
        if (sorted(seen) if fault_run.system.clock.jumps else seen) != editor.texts:
            finding.violations.append(f"{editor.user}: the history has {versions}, confirmed were {editor.texts}")
    finding.looked_at = f"{edits} edits of {len(fault_run.record.editors)} memories"
    return finding
