"""Scripts around the calls of models: the circuit breaker, what calls cost, and how many requests a key may make."""

from __future__ import annotations

from typing import NamedTuple

from scrubjay.adapters.redis.codec import NANO
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts
from scrubjay.llm.asking import PROBE
from scrubjay.llm.usage import Payer
from scrubjay.model import Usage


class Admitted(NamedTuple):
    """A call may be made: the opening of the breaker that it is made under, empty where the breaker is closed."""

    opening: bytes


class Refused(NamedTuple):
    """A call may not be made now.

    Args:
        wait_ms: how long to wait.
        reason: why calls are paused.
        is_tried: whether others are let through.
    """

    wait_ms: int
    reason: str
    is_tried: bool


class Caller(NamedTuple):
    """A call and whose it is.

    Args:
        call: the call's id.
        owner: what stands for whoever asks; empty: not known.
        turn: that it is about alone; empty: none.
    """

    call: str
    owner: str
    turn: str = ""


class CallOutcome(NamedTuple):
    """What became of a call.

    Args:
        opening: that it was made under.
        outcome: answered, failed, refused or left.
        reason: why it failed.
        retry_after_ms: how long the provider asked to wait; 0 where it did not.
        record_name: under which the outcomes of its step are compared; None where they are not.
    """

    opening: bytes
    outcome: str
    reason: str
    retry_after_ms: int
    record_name: str | None


class Pauses(NamedTuple):
    """When a breaker opens, and for how long: times in milliseconds.

    Args:
        threshold: failures in a row that open it.
        base_ms: the first pause.
        longest_ms: the longest one.
        whole: more calls at once are not counted.
        keep_ms: how long its state is kept after a pause.
    """

    threshold: int
    base_ms: int
    longest_ms: int
    whole: int
    keep_ms: int


async def breaker_admit(
    scripts: RedisScripts, name: str, caller: Caller, *, call_ms: int, rest_ms: int
) -> Admitted | Refused:
    """Ask whether a call may be made.

    Args:
        scripts: runs it.
        name: the breaker's.
        caller: the call.
        call_ms: how long it can take.
        rest_ms: how long to wait while there is no room.
    """
    names = [scripts.keys.breaker(name), scripts.keys.breaker_calls(name)]
    is_admitted, *rest = await scripts.run("breaker_admit", names, [caller.call, call_ms, rest_ms, caller.owner])
    if is_admitted:
        return Admitted(bytes(rest[0]))
    wait_ms, reason, is_tried = rest
    return Refused(wait_ms, reason.decode(), bool(is_tried))


async def breaker_report(scripts: RedisScripts, name: str, caller: Caller, outcome: CallOutcome, pauses: Pauses) -> int:
    """Note what became of a call; returns for how many milliseconds the breaker opens, 0 where it does not."""
    keys = scripts.keys
    names = [keys.breaker(name), keys.breaker_calls(name)]
    if outcome.record_name is not None:
        names += [keys.outcomes(outcome.record_name), keys.outcomes_marks(outcome.record_name)]
    args: list[Argument] = [caller.call, outcome.opening, outcome.outcome, outcome.reason, outcome.retry_after_ms]
    args += [*pauses, caller.owner, caller.turn, PROBE]
    return int(await scripts.run("breaker_report", names, args))


async def breaker_trouble(scripts: RedisScripts, name: str) -> tuple[str, int] | None:
    """Why calls are paused and since when, in microseconds since 1970; None where they are not."""
    reason, since_us = await scripts.run("breaker_trouble", [scripts.keys.breaker(name)], [])
    return None if since_us is None else (reason.decode(), int(since_us))


async def add_usage(scripts: RedisScripts, model: str, usage: Usage, payer: Payer) -> None:
    """Book an answered call on a tenant and on its turns."""
    keys = scripts.keys
    names = [keys.usage(payer.tenant), *(keys.turn(payer.tenant, turn_id) for turn_id in payer.turn_ids)]
    args: list[Argument] = [model, usage.calls, usage.embeddings]
    args += [usage.prompt_tokens, usage.completion_tokens, usage.embedding_tokens]
    args.append("" if usage.cost_usd is None else round(usage.cost_usd * NANO))
    await scripts.run("add_usage", names, args)


async def rate(scripts: RedisScripts, name: str, per_minute: int, wanted: int) -> tuple[int, float]:
    """Take up to so many requests out of a bucket; returns how many, and how many are left in it.

    Args:
        scripts: runs it.
        name: the bucket's.
        per_minute: how many it holds, and how fast it fills.
        wanted: so many at most.
    """
    taken, left = await scripts.run("rate", [scripts.keys.rate(name)], [per_minute, wanted])
    return int(taken), float(left)
