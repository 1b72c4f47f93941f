"""How much goes over the wire: characters and tokens by route, for what remembering costs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.model_server.wire import Flow, Route


class Traffic:
    """The sums, by route; a call that is refused has sent its question and got no answer."""

    def __init__(self) -> None:
        self._sums: dict[Route, Counter[str]] = {}

    def asked(self, route: Route, messages: Sequence[Mapping[str, Any]], response_format: object) -> None:
        """Count a chat call's question."""
        parts = Counter(calls=1, response_format=_length(response_format))
        for message in messages:
            parts["system" if message["role"] == "system" else "material"] += len(message["content"])
        self._add(route, parts)

    def embedded(self, texts: Sequence[str]) -> None:
        """Count a call that wants texts embedded."""
        self._add("embeddings", Counter(calls=1, texts=len(texts), material=sum(map(len, texts))))

    def answered(self, route: Route, answer: str, prompt_tokens: int, completion_tokens: int) -> None:
        """Count a chat call's answer, and its tokens as the server bills them."""
        tokens = Counter(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        self._add(route, Counter(answer=len(answer)) + tokens)

    def by_route(self) -> dict[Route, Flow]:
        """All sums until now."""
        return {route: Flow(**sums) for route, sums in self._sums.items()}

    def _add(self, route: Route, parts: Counter[str]) -> None:
        self._sums.setdefault(route, Counter()).update(parts)


def _length(response_format: object) -> int:
    """Of a schema as the wire carries it: JSON without white space."""
    return len(json.dumps(response_format, separators=(",", ":"), ensure_ascii=False)) if response_format else 0
