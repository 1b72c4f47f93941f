"""The bodies that the server sends, right or as a fault wants them."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.model_server import rules, wrong
from tests.model_server.state import Call
from tests.model_server.wire import Canned, Fault, Kind

_RULES = {
    "extraction": rules.extraction,
    "reconciliation": rules.reconciliation,
    "additive_extraction": rules.additive_extraction,
    "chat": rules.chat,
    "digest": rules.digest,
}


def text(call: Call, canned: Canned | None) -> str:
    """What the model says when nothing goes wrong."""
    if canned is None:
        return _RULES[call.route](call.material)
    return canned.answer if isinstance(canned.answer, str) else json.dumps(canned.answer, ensure_ascii=False)


def completion(model: str, prompt_tokens: int, right: str, fault: Fault | None) -> dict[str, Any]:
    """A chat completion's body.

    Args:
        model: as named in the request.
        prompt_tokens: what the request has cost.
        right: what the model would say.
        fault: what makes it say something else.
    """
    kind = fault.kind if fault else None
    text = wrong.said(right, fault) if fault else right
    finish = {Kind.TRUNCATED: "length", Kind.CONTENT_FILTER: "content_filter"}.get(kind, "stop") if kind else "stop"
    message = {"role": "assistant", "content": text, "refusal": None}
    if kind is Kind.REFUSAL:
        message = {"role": "assistant", "content": None, "refusal": text}
    completion_tokens = rules.tokens(text)
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [] if kind is Kind.NO_CHOICES else [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def chunks(completion: dict[str, Any], with_usage: bool) -> list[bytes]:
    """The same completion as the events of a stream, a word each; its bill comes last, where it was asked for."""
    parts: list[dict[str, Any]] = []
    for choice in completion["choices"]:
        field = "refusal" if choice["message"]["refusal"] else "content"
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{field: piece} for piece in re.findall(r"\S+\s*|\s+", choice["message"][field] or "")]
        parts += [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        parts.append({"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if with_usage:
        parts.append({"choices": [], "usage": completion["usage"]})
    shared = {name: completion[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    events = [json.dumps(shared | part, ensure_ascii=False) for part in parts]
    return [f"data: {event}\n\n".encode() for event in [*events, "[DONE]"]]


def embeddings(model: str, texts: list[str], dimension: int, as_base64: bool, fault: Fault | None) -> dict[str, Any]:
    """An embeddings answer's body; the vectors come last first, for their numbers to be heeded."""
    kind = fault.kind if fault else None
    vectors = [rules.embedding(text, dimension + (kind is Kind.WRONG_DIMENSION)) for text in texts]
    if kind is Kind.WRONG_COUNT:
        vectors.pop()
    if kind is Kind.NOT_A_NUMBER:
        vectors[0][0] = float("nan")
    data = [
        {"object": "embedding", "index": index, "embedding": rules.packed(vector) if as_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    spent = sum(rules.tokens(text) for text in texts)
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return {"object": "list", "model": model, "data": data[::-1], "usage": usage}


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """An error's body."""
    return {"error": {"message": message, "type": "scripted_error", "param": None, "code": code}}
