"""What the users of a fault run say: each turn its own number, so that it can be told from every other ever after."""

from __future__ import annotations

import re

POISON = "poison"
SECRET = "secret"
_LUCKY_EVERY = 3
_WIDGET = re.compile(r"\bw(\d+)x(\d+)\b")
_LUCKY = re.compile(r"lucky number is now (\d+)")


def user(lane: int) -> str:
    """The id of a lane's user."""
    return f"fault-run-{lane}"


def said(lane: int, number: int, *, poisoned: bool = False) -> str:
    """A turn: a thing of its own, now and then a number that supersedes the last one, and poison where it is wanted."""
    text = f"I own the widget w{lane}x{number}."
    if has_lucky_number(number):
        text += f" My lucky number is now {number}."
    return f"{text} I drank {POISON}." if poisoned else text


def has_lucky_number(number: int) -> bool:
    """Whether the turn changes the lane's lucky number."""
    return number % _LUCKY_EVERY == 0


def widget(text: str) -> tuple[int, int] | None:
    """The lane and the number of the turn that a memory, or what was said, is from."""
    match = _WIDGET.search(text)
    return (int(match[1]), int(match[2])) if match else None


def lucky_number(text: str) -> int | None:
    """The lucky number that a memory tells."""
    match = _LUCKY.search(text)
    return int(match[1]) if match else None
