"""The bodies that the server sends, right or as a fault wants them."""

from __future__ import annotations

import json
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
    said = wrong.said(right, fault) if fault else right
    finish = {Kind.TRUNCATED: "length", Kind.CONTENT_FILTER: "content_filter"}.get(kind, "stop") if kind else "stop"
    message = {"role": "assistant", "content": said, "refusal": None}
    if kind is Kind.REFUSAL:
        message = {"role": "assistant", "content": None, "refusal": said}
    completion_tokens = rules.tokens(said)
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


def embeddings(model: str, texts: list[str], dimension: int, as_base64: bool, fault: Fault | None) -> dict[str, Any]:
    """An embeddings answer's body; the vectors come last first, for their numbers to be heeded."""
    kind = fault.kind if fault else None
    vectors = [rules.embedding(one, dimension + (kind is Kind.WRONG_DIMENSION)) for one in texts]
    if kind is Kind.WRONG_COUNT:
        vectors.pop()
    if kind is Kind.NOT_A_NUMBER:
        vectors[0][0] = float("nan")
    data = [
        {"object": "embedding", "index": index, "embedding": rules.packed(vector) if as_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    spent = sum(rules.tokens(one) for one in texts)
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return {"object": "list", "model": model, "data": data[::-1], "usage": usage}


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """An error's body."""
    return {"error": {"message": message, "type": "scripted_error", "param": None, "code": code}}
