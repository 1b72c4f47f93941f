"""What an error of Redis means: whether this server is (still) the primary, and one sentence for a person.

Neither the sentence nor the code holds more of the error than the name of a command: the rest may name arguments,
which hold texts. Redis 6.2 puts the code of a refused command into the middle of what it says of the script; redis-py
takes the codes off that it has a class for.
"""

from __future__ import annotations

import re
from enum import StrEnum

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

_CODE = re.compile(r"^([A-Z]+) |: -([A-Z]+) ")
_LINE = re.compile(r"script:(\d+)")
_COMMAND = re.compile(r"permissions to run the '([a-z|]{1,40})' command")
_IN_SCRIPT = re.compile(r"^ACL failure in script|: The user executing the script can't ")
_NO_SUCH_DATABASE = "DB index is out of range"
_CLASSES: tuple[tuple[type[RedisError], str], ...] = (
    (ReadOnlyError, "READONLY"),
    (BusyLoadingError, "LOADING"),
    (MasterDownError, "MASTERDOWN"),
    (OutOfMemoryError, "OOM"),
    (NoPermissionError, "NOPERM"),
    (AuthenticationError, "NOAUTH"),
)


class Refusal(StrEnum):
    """Why Redis refuses, by its code, each with the sentence that a caller is given."""

    READONLY = "Redis refused the write: it is a read-only replica just now"
    LOADING = "Redis is loading its data; try again shortly"
    MASTERDOWN = "Redis is a replica that has lost its primary"
    UNBLOCKED = "Redis has just become a replica; try again shortly"
    NOREPLICAS = "Redis refused the write: it has fewer replicas than min-replicas-to-write asks for"
    MISCONF = "Redis refused the write: it cannot write to its disk"
    OOM = "Redis refused the write: it is out of memory"
    NOAUTH = "Redis refused the user or the password of SCRUBJAY_REDIS_URL"
    NOPERM = "Redis refused: its user may not run a command, or not on a key, that Scrubjay needs"
    DATABASE = "Redis has no database of the number in SCRUBJAY_REDIS_URL"
    OTHER = "Redis refused the write: it answered with an error"


# Answers of a server that is not the primary, or will not be one for a while: the address may lead to another by now.
_ELSEWHERE = frozenset({Refusal.READONLY, Refusal.LOADING, Refusal.MASTERDOWN, Refusal.UNBLOCKED})


def refusal_of(error: BaseException) -> Refusal | None:
    """Why Redis refuses; None when it did not answer at all."""
    for kind, code in _CLASSES:
        if isinstance(error, kind):
            return Refusal[code]
    if not isinstance(error, ResponseError):
        return None
    text = str(error)
    if _IN_SCRIPT.search(text):
        return Refusal.NOPERM
    if text == _NO_SUCH_DATABASE:
        return Refusal.DATABASE
    codes = (match[1] or match[2] for match in _CODE.finditer(text))
    return next((Refusal[code] for code in codes if code in Refusal.__members__), Refusal.OTHER)


def leads_elsewhere(error: BaseException) -> bool:
    """Whether the connection should be closed, as the primary may be another server by now."""
    return refusal_of(error) in _ELSEWHERE


def is_away(refusal: Refusal | None) -> bool:
    """Whether Redis did not answer, or is one that will not be the primary for a while; else it refuses for itself."""
    return refusal is None or refusal in _ELSEWHERE


def sentence(refusal: Refusal | None, error: BaseException) -> str:
    """The sentence that tells a person why Redis refuses a command, or that Redis does not answer."""
    if refusal is None:
        return "Redis does not answer; try again shortly"
    command = _COMMAND.search(str(error)) if refusal is Refusal.NOPERM else None
    return f"Redis refused: its user may not run {command[1].upper()}" if command else refusal.value


def blamed(error: BaseException) -> str:
    """For a log: the code of Redis, and the line of the script."""
    refusal, line = refusal_of(error) or Refusal.OTHER, _LINE.search(str(error))
    code = str(error).partition(" ")[0][:40] if refusal is Refusal.OTHER else refusal.name
    return f"{code}{f' in line {line[1]}' if line else ''}"
