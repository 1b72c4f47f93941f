"""The library over a test's own Redis and Qdrant, with the scripted model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.model_server.control import ModelServer


def configured(redis_url: str, qdrant_url: str, model: ModelServer, **more: Any) -> Mapping[str, Any]:
    """A configuration as an application would write it."""
    endpoint = {"api_key": "scripted", "openai_base_url": model.base_url}
    collection = more.pop("collection_name", "library")
    return {
        "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini", "temperature": 0, **endpoint}},
        "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small", **endpoint}},
        "vector_store": {"provider": "qdrant", "config": {"url": qdrant_url, "collection_name": collection}},
        "redis": {"url": redis_url},
        **more,
    }
