"""The library's configuration: what is taken of Mem0's, what it means here, and how the rest is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog

from scrubjay.errors import BadConfiguration
from scrubjay.library.config import Configuration
from scrubjay.settings import Settings

ARTICLE = {
    "llm": {"provider": "openai", "config": {"model": "gpt-4o-mini", "temperature": 0}},
    "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small"}},
    "vector_store": {
        "provider": "qdrant",
        "config": {"collection_name": "ai_memories", "host": "localhost", "port": 6333},
    },
}


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Away from the settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SCRUBJAY_REDIS_URL", "SCRUBJAY_QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)


def refused(config: dict[str, Any]) -> str:
    with pytest.raises(BadConfiguration) as error:
        Configuration.read(config).settings()
    return str(error.value)


def test_the_article_s_configuration_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    read = Configuration.read(ARTICLE)
    settings = read.settings()
    assert read.tenant == "ai_memories"
    assert settings.qdrant_url == "http://localhost:6333"
    assert (settings.extractor_kind, settings.llm_model) == ("openai", "gpt-4o-mini")
    assert (settings.embedder_kind, settings.embedding_model) == ("openai", "text-embedding-3-small")
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "of-the-environment"
    assert not {"redis_url"} & settings.model_fields_set


def test_the_other_forms_of_mem0_s_configuration_are_taken_too() -> None:
    read = Configuration.read(
        {
            "version": "v1.1",
            "history_db_path": "history.db",
            "custom_fact_extraction_prompt": "Keep what concerns food.",
            "llm": {"provider": "openai", "config": {"api_key": "k", "openai_base_url": "http://models:1/v1"}},
            "embedder": {"provider": "openai", "config": {"openai_base_url": "http://models:1/v1"}},
            "vector_store": {
                "provider": "qdrant",
                "config": {"url": "https://qdrant.example:6333", "api_key": "q", "on_disk": True},
            },
        }
    )
    settings = read.settings()
    assert read.guidance.instructions == "Keep what concerns food."
    assert settings.openai_base_url == "http://models:1/v1"
    assert settings.qdrant_url == "https://qdrant.example:6333"
    assert settings.qdrant_api_key is not None


def test_what_is_said_nowhere_is_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRUBJAY_REDIS_URL", "redis://elsewhere:1/0")
    settings = Configuration.read(None).settings()
    assert settings.redis_url == "redis://elsewhere:1/0"
    assert (settings.extractor_kind, settings.embedder_kind) == ("offline", "local")


def store(**config: Any) -> dict[str, Any]:
    return {"vector_store": {"provider": "qdrant", "config": config}}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {"llm": {"provider": "anthropic", "config": {"model": "x"}}},
            "'anthropic' is not supported; supported: openai",
        ),
        ({"embedder": {"provider": "gemini", "config": {}}}, "'gemini' is not supported; supported: openai"),
        ({"vector_store": {"provider": "pgvector"}}, "'pgvector' is not supported; supported: qdrant"),
        ({"llm": {"config": {}}}, "llm.provider is needed"),
        ({"graph_store": {"provider": "neo4j"}}, "graph_store is not supported here; leave it out"),
        ({"reranker": {"provider": "cohere"}}, "reranker is not supported here; leave it out"),
        ({"colection": 1}, "there is no option 'colection' here; there are llm, embedder, vector_store"),
        (store(colection_name="x"), "vector_store.config: there is no option 'colection_name' here"),
        (store(collection_name="my memories"), "vector_store.config.collection_name: "),
        (store(host="h", url="http://h:1"), "say where Qdrant is once"),
        (store(port=6333), "say host as well"),
        (store(host="h", port=0), "vector_store.config.port: "),
        (store(url="localhost:6333"), "vector_store.config.url: "),
        ({"redis": {"url": "localhost"}}, "redis.url: "),
        ({"llm": {"provider": "openai", "config": {"temperature": 9}}}, "llm.config.temperature: "),
        ({"llm": {"provider": "openai"}}, "openai needs a key: set OPENAI_API_KEY"),
        ({"embedder": {"provider": "openai"}}, "openai needs a key: set OPENAI_API_KEY"),
        ({"custom_instructions": "x" * 5_000}, "custom_instructions: "),
    ],
)
def test_what_is_wrong_or_not_supported_is_refused_in_one_sentence(config: dict[str, Any], says: str) -> None:
    sentence = refused(config)
    assert says in sentence
    assert "\n" not in sentence


def test_two_endpoints_are_refused_as_both_models_are_asked_at_one() -> None:
    here = {"provider": "openai", "config": {"api_key": "k", "openai_base_url": "http://models:1/v1"}}
    assert "asked at one endpoint" in refused({"llm": here, "embedder": {"provider": "openai"}})


def test_a_refusal_gives_nothing_of_a_key_away() -> None:
    assert "secret-key" not in refused({"llm": {"provider": "openai", "config": {"api_key": ["secret-key"]}}})


def test_a_temperature_other_than_0_is_told_to_have_no_effect() -> None:
    with structlog.testing.capture_logs() as lines:
        Configuration.read(ARTICLE)
        assert lines == []
        Configuration.read({"llm": {"provider": "openai", "config": {"temperature": 0.7}}})
    assert [(line["event"], line["option"]) for line in lines] == [("option_without_effect", "temperature")]


def test_the_library_reads_no_env_file_of_its_host_and_a_server_does(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "SCRUBJAY_MAX_BACKLOG=7\nOPENAI_API_KEY=of-the-host\nOPENAI_BASE_URL=http://host/v1\n"
    )
    settings = Configuration.read(None).settings()
    assert (settings.max_backlog, settings.uses_openai, settings.extractor_kind) == (1_000_000, False, "offline")
    assert Settings.of_service().max_backlog == 7
