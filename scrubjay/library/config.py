"""The library's configuration: Mem0's keys, checked, each refusal one sentence; and the settings they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from scrubjay.devstack.directory import default_directory
from scrubjay.errors import BadConfiguration
from scrubjay.library.refusals import sentence
from scrubjay.model import Guidance, Tenant
from scrubjay.settings import Settings
from scrubjay.validation import Instructions

log = structlog.get_logger(__name__)

_URL = Annotated[str, Field(pattern="^https?://")]
_QDRANT_PORT = 6333


class _Options(BaseModel):
    """An object of the configuration: what it does not know is refused, with what it knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        for name in value if isinstance(value, Mapping) else ():
            if name not in cls.model_fields:
                raise ValueError(f"there is no option {name!r} here; there are {', '.join(cls.model_fields)}")
        return value


class _Part(_Options):
    """A provider with its options. Which provider it is is looked at first: others have other options."""

    providers: ClassVar[Mapping[str, str]] = {}
    provider: str

    @model_validator(mode="before")
    @classmethod
    def _supported(cls, section: Any) -> Any:
        """Refuse an unsupported provider (LLM, embedder, vector store) in `Memory.from_config`; name those that are."""
        provider = section.get("provider") if isinstance(section, Mapping) else None
        if provider is not None and provider not in cls.providers:
            supported = "; ".join(f"{name} ({what})" for name, what in cls.providers.items())
            raise ValueError(f"the provider {provider!r} is not supported; supported: {supported}")
        return section


class _Model(_Options):
    without_effect: ClassVar[tuple[str, ...]] = ()  # taken as Mem0's configurations have them; they change nothing
    model: Annotated[str, Field(min_length=1)] | None = None
    api_key: SecretStr | None = None
    openai_base_url: _URL | None = None

    @property
    def unheard(self) -> list[str]:
        """What is said and changes nothing; a temperature of 0 is what there is."""
        return [name for name in self.without_effect if getattr(self, name)]


class _LlmOptions(_Model):
    without_effect = ("temperature", "max_tokens", "top_p", "top_k")
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    top_k: int | None = None


class _EmbedderOptions(_Model):
    without_effect = ("embedding_dims",)
    embedding_dims: int | None = None


class _StoreOptions(_Options):
    collection_name: Tenant | None = None
    host: Annotated[str, Field(pattern=r"^[^/\s]+$")] | None = None
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    https: bool | None = None
    url: _URL | None = None
    api_key: SecretStr | None = None
    path: Path | None = None
    embedding_model_dims: int | None = None
    on_disk: bool | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.url, self.host, self.path)) > 1:
            raise ValueError("say where Qdrant is once: url, or host and port, or path")
        if self.port is not None and self.host is None:
            raise ValueError("port is of a host; say host as well")
        return self

    @property
    def address(self) -> str | None:
        """Where the Qdrant is that is meant; None: one of our own."""
        if self.host is None:
            return self.url
        return f"{'https' if self.https else 'http'}://{self.host}:{self.port or _QDRANT_PORT}"


class _Llm(_Part):
    providers = {
        "openai": "any endpoint that speaks its wire: set config.openai_base_url",
        "offline": "rules in place of a model",
    }
    config: _LlmOptions = _LlmOptions()


class _Embedder(_Part):
    providers = {
        "openai": "any endpoint that speaks its wire: set config.openai_base_url",
        "local": "all-MiniLM-L6-v2 on this machine",
    }
    config: _EmbedderOptions = _EmbedderOptions()


class _VectorStore(_Part):
    providers = {"qdrant": "a server by url or host and port, else an engine of our own"}
    config: _StoreOptions = _StoreOptions()


class _Redis(_Options):
    url: Annotated[str, Field(pattern="^(rediss?|unix)://")]


class Configuration(_Options):
    """What `Memory.from_config` takes.

    Args:
        llm, embedder, vector_store: as Mem0 has them; what is left out is as the environment says.
        redis: {"url"}: where the turns are accepted; SCRUBJAY_REDIS_URL if left out, else a Redis of our own.
        data: the directory of what we run ourselves; `$XDG_DATA_HOME/scrubjay` if left out, as for `scrubjay up`.
        wait_seconds: how long `add` waits for its turn to be remembered.
        custom_instructions: what is added to the extraction prompt of every turn.
        custom_fact_extraction_prompt: an older name of the same.
        version, history_db_path: taken, and without effect.
        reranker, graph_store, custom_update_memory_prompt: there are none here; only null is taken.
    """

    llm: _Llm | None = None
    embedder: _Embedder | None = None
    vector_store: _VectorStore = _VectorStore(provider="qdrant")
    redis: _Redis | None = None
    data: Path = Field(default_factory=default_directory)
    wait_seconds: float = Field(60, ge=0)
    custom_instructions: Instructions | None = None
    custom_fact_extraction_prompt: Instructions | None = None
    version: str | None = None
    history_db_path: str | None = None
    reranker: None = None
    graph_store: None = None
    custom_update_memory_prompt: None = None

    @classmethod
    def read(cls, config: Mapping[str, Any] | None) -> Configuration:
        """A configuration that somebody wrote. Raises BadConfiguration."""
        try:
            read = cls.model_validate({} if config is None else dict(config))
        except ValidationError as error:
            raise BadConfiguration(f"the configuration is wrong: {sentence(error)}") from None
        _one_endpoint(read.llm, read.embedder)
        for part in (read.llm, read.embedder):
            unheard = part.config.unheard if part is not None else ()
            for name in unheard:
                log.warning("option_without_effect", option=name)
        return read

    @property
    def tenant(self) -> str | None:
        """Whose memories: a collection's name is a tenant here, so that two collections never meet."""
        return self.vector_store.config.collection_name

    @property
    def guidance(self) -> Guidance:
        """What is added to the extraction prompt of every turn."""
        return Guidance(instructions=self.custom_instructions or self.custom_fact_extraction_prompt)

    def settings(self) -> Settings:
        """The environment's settings, with what this configuration says in their place. Raises BadConfiguration."""
        store = self.vector_store.config
        environment: dict[str, Any] = {"qdrant_url": store.address, "qdrant_api_key": store.api_key}
        environment["redis_url"] = self.redis.url if self.redis else None
        if self.llm is not None:
            environment |= {"extractor": self.llm.provider, "llm_model": self.llm.config.model}
        if self.embedder is not None:
            environment |= {"embedder": self.embedder.provider, "embedding_model": self.embedder.config.model}
        for part in (self.embedder, self.llm):
            if part is not None:
                environment["openai_api_key"] = part.config.api_key or environment.get("openai_api_key")
                environment["openai_base_url"] = part.config.openai_base_url or environment.get("openai_base_url")
        try:
            settings = Settings(**{name: value for name, value in environment.items() if value is not None})
        except ValidationError as error:
            raise BadConfiguration(f"a setting is wrong: {sentence(error)}") from None
        if "openai" in (settings.extractor_kind, settings.embedder_kind) and not settings.uses_openai:
            raise BadConfiguration(
                "openai needs a key: set OPENAI_API_KEY, or api_key in llm.config; for an endpoint that wants none, "
                "set OPENAI_BASE_URL, or openai_base_url in llm.config"
            )
        return settings


def _one_endpoint(llm: _Llm | None, embedder: _Embedder | None) -> None:
    """Both models are asked at one endpoint. Raises BadConfiguration."""
    parts = [part.config for part in (llm, embedder) if part is not None and part.provider == "openai"]
    keys = {part.api_key.get_secret_value() for part in parts if part.api_key is not None}
    if len({part.openai_base_url for part in parts}) > 1 or len(keys) > 1:
        raise BadConfiguration(
            "llm and embedder are asked at one endpoint with one key: say the same openai_base_url and api_key in "
            'both, or take the embedder "local"'
        )
