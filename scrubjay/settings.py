"""The only reader of the environment. Every name here is listed with a sentence in `.env.example`."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scrubjay.errors import BadConfiguration
from scrubjay.model.loopback import is_loopback
from scrubjay.model.names import COLLECTION_PREFIX, REDIS_PREFIX


class Settings(BaseSettings):
    """Scrubjay's settings, read from the environment (prefix `SCRUBJAY_`).

    A process of our own also reads `.env`, by `of_service`. A library does not: that file is its host application's.
    """

    model_config = SettingsConfigDict(
        env_prefix="SCRUBJAY_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # it holds keys, and the error goes to a log
    )

    openai_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("OPENAI_API_KEY", "openai_api_key"))
    openai_base_url: str | None = Field(None, validation_alias=AliasChoices("OPENAI_BASE_URL", "openai_base_url"))

    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_prefix: str = Field(REDIS_PREFIX, pattern=r"^[A-Za-z0-9_.-]{1,40}:$")
    qdrant_url: str = "http://127.0.0.1:6333"
    qdrant_api_key: SecretStr | None = None
    collection_prefix: str = Field(COLLECTION_PREFIX, pattern=r"^[a-z0-9][a-z0-9_-]{0,60}-$")
    qdrant_write_bytes: int = Field(8 * 1024 * 1024, ge=1024 * 1024, le=1024**3)

    llm_model: str = "gpt-4o-mini"
    extractor: Literal["openai", "offline"] | None = None
    embedder: Literal["openai", "local"] | None = None
    embedding_model: str = "text-embedding-3-small"
    model_timeout_seconds: float = Field(60, gt=0)
    gate: Literal["on", "off"] = "on"
    mask: Literal["on", "off"] = "on"
    quarantine: Literal["mark", "hold", "off"] = "mark"
    price_input_usd: float | None = Field(None, ge=0)
    price_output_usd: float | None = Field(None, ge=0)
    price_embedding_usd: float | None = Field(None, ge=0)

    auth: Literal["keys", "off"] = "keys"
    admin_key: SecretStr | None = Field(None, min_length=1)
    server_key: SecretStr | None = Field(None, min_length=32)
    host: str = "127.0.0.1"
    jwks_url: str | None = Field(None, pattern="^https?://")
    jwt_audience: str | None = Field(None, min_length=1)
    jwt_issuer: str | None = Field(None, min_length=1)
    jwt_tenant_claim: str = Field("tenant", min_length=1)
    jwt_user_claim: str = Field("user_id", min_length=1)
    jwt_role_claim: str = Field("role", min_length=1)
    rate_limit_per_minute: int = Field(6_000, ge=0)

    webhook_private: Literal["on", "off"] | None = None
    webhook_hosts: str | None = Field(None, min_length=1)
    webhook_attempts: int = Field(20, ge=1)
    webhook_retry_max_seconds: float = Field(3600, gt=0)
    webhook_timeout_seconds: float = Field(10, gt=0, le=60)

    lease_seconds: float = Field(15, ge=1)
    max_attempts: int = Field(5, ge=1)
    max_backlog: int = Field(1_000_000, ge=1)
    max_tenant_backlog: int | None = Field(None, ge=1)
    max_lane_backlog: int = Field(20_000, ge=1)
    retry_max_seconds: float = Field(60, gt=0)
    batch_turns: int = Field(8, ge=1)
    batch_chars: int = Field(24_000, ge=1)
    batch_wait_seconds: float = Field(0.25, ge=0)
    sweep_seconds: float = Field(2, gt=0)
    retention_seconds: int = Field(7 * 24 * 3600, ge=60)
    text_retention_seconds: int | None = Field(None, ge=0)
    receipt_retention_seconds: int = Field(3 * 365 * 24 * 3600, ge=60)
    max_body_bytes: int = Field(1_000_000, ge=1_000)
    worker_threads: int = Field(32, ge=1)
    worker_nice: int = Field(0, ge=0, le=19)
    degraded_lanes_percent: float = Field(5, ge=0, le=100)
    degraded_lanes: int = Field(3, ge=1)
    degraded_due_seconds: float = Field(60, gt=0)
    finish_seconds: float = Field(4, ge=0, le=3600)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def of_service(cls) -> Settings:
        """The settings of a server or a command: of the environment, else of the file `.env` in the working directory.

        Raises ValidationError.
        """
        return cls(_env_file=".env")

    @model_validator(mode="after")
    def _texts_end_with_the_status(self) -> Settings:
        text, status = self.text_retention_seconds, self.retention_seconds
        if text is not None and text > status:
            raise ValueError(
                f"SCRUBJAY_TEXT_RETENTION_SECONDS={text} is longer than SCRUBJAY_RETENTION_SECONDS={status}: "
                "the words of a turn go with its status at the latest; lower the one or raise the other"
            )
        return self

    @model_validator(mode="after")
    def _a_tenant_has_a_part(self) -> Settings:
        tenant, everybody = self.max_tenant_backlog, self.max_backlog
        if tenant is not None and tenant > everybody:
            raise ValueError(
                f"SCRUBJAY_MAX_TENANT_BACKLOG={tenant} is more than SCRUBJAY_MAX_BACKLOG={everybody}, which holds for "
                "all tenants together: lower the one or raise the other"
            )
        return self

    @model_validator(mode="after")
    def _collections_are_ours_alone(self) -> Settings:
        if self.collection_prefix.removeprefix(COLLECTION_PREFIX) not in ("", self.collection_prefix):
            raise ValueError(
                f"SCRUBJAY_COLLECTION_PREFIX={self.collection_prefix} begins with {COLLECTION_PREFIX}, which is what "
                "collections begin with where none is set: an erase over there would erase here; choose another"
            )
        return self

    @model_validator(mode="after")
    def _tokens_are_for_us(self) -> Settings:
        if self.jwks_url is not None and self.jwt_audience is None:
            raise ValueError(
                "SCRUBJAY_JWKS_URL needs SCRUBJAY_JWT_AUDIENCE: without it a token that the provider has given for "
                "another service would be good here"
            )
        return self

    @property
    def uses_openai(self) -> bool:
        """Whether a key or a base URL names an OpenAI-compatible endpoint."""
        return bool(self.openai_api_key or self.openai_base_url)

    @property
    def extractor_kind(self) -> Literal["openai", "offline"]:
        """The extractor in force: as set, else `openai` when an endpoint is named."""
        return self.extractor or ("openai" if self.uses_openai else "offline")

    @property
    def embedder_kind(self) -> Literal["openai", "local"]:
        """The embedder in force: as set, else `openai` when a key is set."""
        return self.embedder or ("openai" if self.openai_api_key else "local")

    @property
    def webhooks_may_be_private(self) -> bool:
        """Whether webhooks may go to addresses that are not public: as set, else where only this machine may call."""
        return self.webhook_private == "on" if self.webhook_private else self.auth == "off"

    @property
    def webhooks_may_reach(self) -> frozenset[str] | None:
        """The hosts that webhooks may go to; None: any."""
        if self.webhook_hosts is None:
            return None
        return frozenset(host.strip().lower() for host in self.webhook_hosts.split(","))


def check_access(settings: Settings) -> None:
    """Check the settings that decide who may call a server: SCRUBJAY_AUTH, SCRUBJAY_HOST and SCRUBJAY_ADMIN_KEY.

    They must let in neither everybody from afar nor nobody at all. Raises BadConfiguration.
    """
    if settings.auth == "off" and not is_loopback(settings.host):
        raise BadConfiguration(
            f"SCRUBJAY_AUTH=off is refused on {settings.host}: bind to 127.0.0.1, or use SCRUBJAY_AUTH=keys"
        )
    if settings.auth == "keys" and settings.admin_key is None:
        raise BadConfiguration(
            "SCRUBJAY_AUTH=keys needs SCRUBJAY_ADMIN_KEY, the operator's key, with which others are made"
        )


class ClientSettings(BaseSettings):
    """Where a client finds its server, read from the environment as the command line does."""

    model_config = SettingsConfigDict(env_prefix="SCRUBJAY_", frozen=True, hide_input_in_errors=True)

    url: str = "http://127.0.0.1:8000"
    key: SecretStr | None = None
