"""What a model says for each kind of fault: a text that is no answer, or JSON that is not what was asked for."""

from __future__ import annotations

import json
from typing import Any

from tests.model_server.wire import Fault, Kind

_CHARS, _ITEMS = 5_000_000, 30_000


def said(right: str, fault: Fault) -> str:
    """The text in place of the right one; the right one itself where the fault is not in the text."""
    match fault.kind:
        case Kind.NOT_JSON:
            return "Certainly! Here is what was asked for."
        case Kind.HUGE_TEXT:
            return "blah " * ((fault.size or _CHARS) // 5)
        case Kind.HUGE_BLANK:
            return "```json" + "\n" * (fault.size or _CHARS) + "{"
        case Kind.FENCED:
            return f"```json\n{right}\n```"
        case Kind.TRUNCATED:
            return right[: len(right) // 2]
        case Kind.EMPTY:
            return ""
        case Kind.REFUSAL | Kind.CONTENT_FILTER:
            return "I cannot help with that."
        case Kind.LIST | Kind.NULL | Kind.DUPLICATE | Kind.MISSING | Kind.MANY:
            return _relisted(right, fault)
        case _:
            return _bent(right, fault)


def _relisted(right: str, fault: Fault) -> str:
    """The right items in a list that is not the one asked for."""
    [(key, items)] = json.loads(right).items()
    match fault.kind:
        case Kind.LIST:
            return json.dumps(items)
        case Kind.NULL:
            return json.dumps({key: None})
        case Kind.MISSING:
            return json.dumps({key: items[:-1]})
        case Kind.DUPLICATE:
            return json.dumps({key: items * 2})
        case _:
            many = [_numbered(item, number) for number in range((fault.size or _ITEMS) // len(items)) for item in items]
            return json.dumps({key: many})


def _numbered(item: dict[str, Any], number: int) -> dict[str, Any]:
    """An item that is like no other: it says something else, or is about another candidate."""
    if "fact" in item:
        return item | {"fact": f"{item['fact']} ({number})"}
    return item | {"candidate": number}


def _bent(right: str, fault: Fault) -> str:
    """The right items, each with something wrong in it."""
    match fault.kind:
        case Kind.WRONG_TYPES:
            return _with(right, fact=7, candidate="zero")
        case Kind.UNKNOWN_NUMBER:
            return _with(right, target=999)
        case Kind.FALSE_QUOTE:
            return _with(right, quote="words that nobody has said")
        case Kind.HUGE_FACT:
            long = "blah " * ((fault.size or _CHARS) // 5)
            return _with(right, fact=long, event="UPDATE", target=0, text=long)
        case Kind.EXTRA_KEYS:
            lists = {key: [item | {"sure": True} for item in items] for key, items in json.loads(right).items()}
            return json.dumps({"thoughts": "Well.", **lists})
        case _:
            return right


def _with(right: str, **wrong: object) -> str:
    """The right answer, with those of the wrong values in every item for which it has a key."""
    lists: dict[str, list[dict[str, object]]] = json.loads(right)
    bent = {
        key: [item | {name: value for name, value in wrong.items() if name in item} for item in items]
        for key, items in lists.items()
    }
    return json.dumps(bent)
