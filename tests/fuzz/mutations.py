"""Bodies that are no longer what they were: a valid one, spoilt. Whether it is malformed then is judged elsewhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from tests.fuzz.wire import Sent, plain

Path = tuple[Any, ...]
Spoil = Callable[[Random, Any], Sent]

BRACKETS = 100_000
OVERSIZED = 1_100_000
HUGE = ("1e400", "-1e400", "1" + "0" * 4_000, "9" * 5_000, "-" + "9" * 400, "1e-400", "NaN", "Infinity", "-Infinity")
NOT_JSON = (
    b"undefined", b"{'a': 1}", b"{a: 1}", b'{"a": 1,}', b"// no", b"<a/>", b"a=1&b=2", b"\x1f\x8b\x08\x00", b"0x10",
    b"", b" ", b"\n\n", b"\x00",
)  # fmt: skip
NO_UTF8 = (
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\x81", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xff",
    b"\xe9",
)  # fmt: skip
SURROGATES = (rb'"\ud800"', rb'"a\udfffb"', rb'"\udc00\ud800"')
CONTROLS = (b'"a\x00b"', b'"\x1f"', rb'"\u0000"', b'"a\nb"', rb'"\x"')
SOMETHING_ELSE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, "", "text", "1", "true", "null", [], {}, [1], {"a": 1}, [[]], 2**70, -(2**63) - 1,
    "\x00", "a" * 300_000,
)  # fmt: skip
TYPES = (
    None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "*/*",
    "json",
)  # fmt: skip
FIELDS = ("__proto__", "tenant", "id", "", "\u202e", "a" * 999)


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _nodes(value: Any, at: Path = ()) -> Iterator[Path]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _nodes(item, (*at, key))


def _place(rng: Random, value: Any) -> Path:
    """Anywhere in a value, but often enough at its fields, of which there are few."""
    if rng.random() < 0.5 and value:
        return (rng.choice(list(value)),)
    return rng.choice(list(_nodes(value)))


def _with(value: Any, at: Path, new: Any) -> Any:
    """The same value with another one at a place."""
    if not at:
        return new
    step, rest = at[0], at[1:]
    if isinstance(value, dict):
        return {**value, step: _with(value[step], rest, new)}
    return [_with(item, rest, new) if number == step else item for number, item in enumerate(value)]


def _marked(rng: Random, value: Any, text: bytes) -> bytes:
    """The value's JSON with raw bytes in place of one of its nodes."""
    mark = "\ue000mark\ue000"
    return _dump(_with(value, _place(rng, value), mark)).replace(f'"{mark}"'.encode(), text)


def _truncated(rng: Random, value: Any) -> Sent:
    data = _dump(value)
    return plain("truncated", data[: rng.randrange(len(data))])


def _bytes_changed(rng: Random, value: Any) -> Sent:
    data = bytearray(_dump(value))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return plain("bytes changed", bytes(data))


def _bytes_moved(rng: Random, value: Any) -> Sent:
    data = _dump(value)
    start, end = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return plain(
        "a slice cut out or doubled", data[:start] + data[end:] if rng.random() < 0.5 else data[:end] + data[start:]
    )


def _other_type(rng: Random, value: Any) -> Sent:
    return plain("another type", _dump(_with(value, _place(rng, value), rng.choice(SOMETHING_ELSE))))


def _left_out(rng: Random, value: Any) -> Sent:
    return plain("a field left out", _dump({key: value[key] for key in list(value)[:-1] if rng.random() < 0.7}))


def _unknown(rng: Random, value: Any) -> Sent:
    return plain("an unknown field", _dump({**value, rng.choice(FIELDS): 1}))


def _number(rng: Random, value: Any) -> Sent:
    return plain("a number that is none", _marked(rng, value, rng.choice(HUGE).encode()))


def _encoded(rng: Random, value: Any) -> Sent:
    encoding = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-32-le"))
    return plain(f"in {encoding}", json.dumps(value).encode(encoding))


def _overlong(rng: Random, value: Any) -> Sent:
    return plain("UTF-8 that is none", _marked(rng, value, b'"a' + rng.choice(NO_UTF8) + b'b"'))


def _surrogate(rng: Random, value: Any) -> Sent:
    return plain("a lone surrogate", _marked(rng, value, rng.choice(SURROGATES)))


def _control(rng: Random, value: Any) -> Sent:
    return plain(
        "a control character",
        _marked(rng, value, rng.choice(CONTROLS)),
    )


def _deep(rng: Random, value: Any) -> Sent:
    many = rng.choice((BRACKETS, BRACKETS // 10, 2_000))
    whole = rng.random() < 0.5
    data = b"[" * many + b"]" * many * whole if rng.random() < 0.5 else b'{"a":' * many + b"1" + b"}" * many * whole
    return plain("nested without end", data if rng.random() < 0.5 else _marked(rng, value, data))


def _doubled(rng: Random, value: Any) -> Sent:
    key = rng.choice(list(value) or ["a"])
    again = b"%b:%b" % (_dump(key), rng.choice((b"[]", b"{}", b"0", b'""', b"null", b"[null]")))
    data = _dump(value)
    return plain("a key twice", data[:-1] + (b"," if value else b"") + again + b"}")


def _top(rng: Random, value: Any) -> Sent:
    return plain("no object", _dump(rng.choice(([], [value], "text", json.dumps(value), 0, -7, True, None, [[value]]))))


def _no_json(rng: Random, value: Any) -> Sent:
    return plain("no JSON", rng.choice((*NOT_JSON, _dump(value).replace(b'"', b"'"))))


def _more_behind(rng: Random, value: Any) -> Sent:
    return plain("more behind it", _dump(value) + rng.choice((b"x", b"{}", b"]", b",", b"\x00", b"\xff", b"null")))


def _wrong_type(rng: Random, value: Any) -> Sent:
    return plain("another content type", _dump(value), rng.choice(TYPES), certain=True)


def _packed(_: Random, value: Any) -> Sent:
    sent = plain("gzip", gzip.compress(_dump(value)))
    return Sent(sent.kind, sent.payload, (*sent.headers, ("Content-Encoding", "gzip")))


def _oversized(rng: Random, value: Any) -> Sent:
    data = _dump(value)
    return plain("too large", b" " * OVERSIZED + data if rng.random() < 0.5 else data + b" " * OVERSIZED, certain=True)


# How often each is taken, beside the others.
SPOILS: Mapping[Spoil, int] = {
    _truncated: 6, _bytes_changed: 10, _bytes_moved: 8, _other_type: 14, _left_out: 3, _unknown: 4, _number: 5,
    _encoded: 4, _overlong: 6, _surrogate: 4, _control: 4, _deep: 3, _doubled: 4, _top: 4, _no_json: 5,
    _more_behind: 3, _wrong_type: 5, _packed: 2, _oversized: 1,
}  # fmt: skip


def spoilt(rng: Random, value: Mapping[str, Any]) -> Sent:
    """One of them, at random."""
    spoil = rng.choices(list(SPOILS), list(SPOILS.values()))[0]
    return spoil(rng, dict(value))
