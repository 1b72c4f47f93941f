"""Scripts over the order counter and the clocks, and the error of scripts that need the counter where it is missing."""

from __future__ import annotations

from typing import Any, NamedTuple

from scrubjay.adapters.redis.scripts.runner import RedisScripts

_UNSEEDED = b"unseeded"


class OrderUnseededError(Exception):
    """A number of the order was to be drawn, and the order is not known: it must be seeded first."""


class Clocks(NamedTuple):
    """What Redis' clocks show.

    Args:
        now_us: real time, in microseconds since 1970.
        monotonic_ms: the monotonic clock, as it would be had somebody looked all the time.
        jumps: how often real time has jumped.
        jump_ms: by how much it jumped last, within a day; 0 where it did not.
    """

    now_us: int
    monotonic_ms: int
    jumps: int
    jump_ms: int


def drawn(answer: Any) -> Any:
    """The answer of a script that draws a number of the order. Raises OrderUnseededError."""
    if answer == _UNSEEDED:
        raise OrderUnseededError
    return answer


async def seed(scripts: RedisScripts, greatest: int) -> None:
    """Let the order go on after `greatest`."""
    await scripts.run("seed", [], [greatest])


async def clock(scripts: RedisScripts) -> Clocks:
    """Read the clocks."""
    return Clocks(*map(int, await scripts.run("clock", [], [])))


async def clock_jumped(scripts: RedisScripts, jump_ms: int) -> None:
    """Note that real time has jumped by so many milliseconds, negative for back."""
    await scripts.run("clock_jumped", [], [jump_ms])
