"""Requests whose length is a lie, and addresses that name nothing that can exist."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.document import JSON
from tests.fuzz.wire import Sent

_AS_JSON = ("Content-Type", JSON)
Framing = Callable[[Random, bytes], Sent]

# None of these is an id of ours; what the document allows nevertheless is left out where it is used.
NO_IDS = (
    "-1", "0", "1e9", "null", "undefined", "None", "*", "..", ".", "~", "%", "%00", "\x00", "\x7f", " ", "a b", "é",
    "\u202e", "\ud7ff", "\U0001f600", "\ufeff", "'; DROP TABLE turns; --", '{"$ne": null}', "${7*7}", "<script>",
    "a" * 300, "9" * 400, "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-00000000000g", "zzzzzzzzzzzz",
    "\\", "?", "#", "&", ";", "[]", "{}", "\r\nX-A: b", "%2e%2e", "😀" * 90, "-9223372036854775809", "NaN", "true",
)  # fmt: skip
_ALPHABET = "abcdefABCDEF0123456789-_.~ %*'\"é\u202e\U0001f600\x00"


def no_id(rng: Random) -> str:
    """Text for the place of an id, mostly of what has broken somebody's server before."""
    if rng.random() < 0.5:
        return rng.choice(NO_IDS)
    return "".join(rng.choices(_ALPHABET, k=rng.randint(1, 60)))


def _length(kind: str, value: str, data: bytes, *, whole: bool = True) -> Sent:
    return Sent(kind, data, (_AS_JSON, ("Content-Length", value)), whole=whole, certain=True)


def _short(rng: Random, data: bytes) -> Sent:
    return _length("a length too short", str(rng.randrange(len(data))), data)


def _long(rng: Random, data: bytes) -> Sent:
    return _length("a length too long", str(len(data) + rng.randint(1, 5_000)), data, whole=False)


def _no_length(rng: Random, data: bytes) -> Sent:
    return _length("a length that is none", rng.choice(("-1", "abc", "1e3", "0x10", "+5", "9" * 40, "1 2", "٣")), data)


def _two_lengths(_: Random, data: bytes) -> Sent:
    lengths = (("Content-Length", str(len(data))), ("Content-Length", str(len(data) - 1)))
    return Sent("two lengths", data, (_AS_JSON, *lengths), certain=True)


def _chunked(kind: str, data: bytes, *more: tuple[str, str], whole: bool = True) -> Sent:
    return Sent(kind, data, (_AS_JSON, ("Transfer-Encoding", "chunked"), *more), whole=whole, certain=True)


def _bad_chunk(rng: Random, data: bytes) -> Sent:
    size = rng.choice((b"xyz", b"-5", b"", b"%x\n" % (len(data) + 7), b"f" * 20))
    return _chunked("a chunk's size that is none", size + b"\r\n" + data + b"\r\n0\r\n\r\n")


def _cut_chunk(_: Random, data: bytes) -> Sent:
    return _chunked("chunks without end", b"%x\r\n%b" % (len(data) + 5, data), whole=False)


def _half_chunked(rng: Random, data: bytes) -> Sent:
    cut = rng.randrange(1, len(data))
    return _chunked("half of it in chunks", b"%x\r\n%b\r\n0\r\n\r\n" % (cut, data[:cut]))


def _both(_: Random, data: bytes) -> Sent:
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    return _chunked("chunks and a length", chunk, ("Content-Length", str(len(chunk))))


FRAMINGS: tuple[Framing, ...] = (
    _short, _long, _no_length, _two_lengths, _bad_chunk, _cut_chunk, _half_chunked, _both,
)  # fmt: skip
