"""The shape of a refusal: exactly a sentence and a code, both of them text that is not empty."""

from __future__ import annotations

import json


def wrong_shape(content: bytes, content_type: str) -> str | None:
    """What is wrong with a refusal; None when it is as every client expects it."""
    if content_type.partition(";")[0].strip() != "application/json":
        return f"a refusal is sent as {content_type or 'nothing'}, not as JSON"
    try:
        body = json.loads(content)
    except ValueError:
        return "a refusal is no JSON"
    if not isinstance(body, dict) or set(body) != {"detail", "error"}:
        return "a refusal has other fields than detail and error"
    if not all(isinstance(text, str) and text.strip() for text in body.values()):
        return "a refusal's detail or error is empty or no text"
    return None
