"""What is masked of what is handed in: every text of it, and no id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrubjay.model import Guidance, Message
from scrubjay.ports import Mask

_NONE = Guidance()
_SHORTEST_CARD = 10**12  # 13 digits


def masked_messages(messages: tuple[Message, ...], mask: Mask) -> tuple[Message, ...]:
    """Messages with their contents and names masked; those with nothing in them are the same objects."""
    return tuple(_message(message, mask) for message in messages)


def _message(message: Message, mask: Mask) -> Message:
    """Mask secrets in the content and the name of one chat message that is handed in."""
    content, name = mask(message.content), mask(message.name) if message.name else message.name
    if content == message.content and name == message.name:
        return message
    return message.model_copy(update={"content": content, "name": name})


def masked_guidance(guidance: Guidance, mask: Mask) -> Guidance:
    """Guidance with its texts, and its categories with what belongs in them, masked."""
    if guidance == _NONE:
        return guidance
    texts = {name: getattr(guidance, name) for name in ("instructions", "includes", "excludes")}
    masked_texts = {name: mask(text) if text else text for name, text in texts.items()}
    return Guidance(categories=masked_values(guidance.categories, mask), **masked_texts)


def masked_values(values: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Metadata with every text in it masked, however deep, its keys as well."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        name = masked = mask(key)
        number = 1
        while name in result:  # two keys that are secrets of one kind must not become one
            number += 1
            name = f"{masked} {number}"
        result[name] = _text_under(key, value, mask) if isinstance(value, str) else _value(value, mask)
    return result


def _text_under(key: str, value: str, mask: Mask) -> str:
    """A text under a key, which may tell what it is: `{"password": "hunter2"}`."""
    masked, prefix = mask(value), f"{key}: "
    whole = mask(prefix + value) if masked == value else ""
    return whole.removeprefix(prefix) if whole.startswith(prefix) else masked


def _value(value: Any, mask: Mask) -> Any:
    """Mask secrets in a JSON value of metadata: each text in it, however deep, and integers as long as card numbers."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return masked_values(value, mask)
    if isinstance(value, list):
        return [_value(item, mask) for item in value]
    if isinstance(value, int) and value >= _SHORTEST_CARD:
        digits = str(value)
        return masked if (masked := mask(digits)) != digits else value
    return value
