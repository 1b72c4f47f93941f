"""What is outside: the model's and the embedder's endpoint, and the identity provider.

An adapter is loaded where it is chosen: openai's package alone takes as long to load as half of the rest.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pydantic import SecretStr

from scrubjay.adapters.circuit_breaker import GuardedEmbedder, GuardedModel
from scrubjay.adapters.redis.breaker import BreakerLimits, RedisBreaker, name_of
from scrubjay.adapters.redis.scripts.runner import RedisScripts
from scrubjay.ports import Embedder, Meter, ServerKey
from scrubjay.settings import Settings

if TYPE_CHECKING:
    from scrubjay.adapters.crypto.jwt import JwtTokens
    from scrubjay.adapters.openai.endpoint import RemoteModel
    from scrubjay.adapters.openai.prices import Price

_KEY_OF_KEYLESS_ENDPOINTS = "none"


def open_tokens(settings: Settings, server_key: ServerKey, stack: contextlib.AsyncExitStack) -> JwtTokens | None:
    """The tokens of the identity provider, where the settings name one."""
    if settings.jwks_url is None or settings.jwt_audience is None:
        return None
    from scrubjay.adapters.crypto.jwt import JwtTokens, Provider

    provider = Provider(
        jwks_url=settings.jwks_url,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        tenant_claim=settings.jwt_tenant_claim,
        user_claim=settings.jwt_user_claim,
        role_claim=settings.jwt_role_claim,
    )
    tokens = JwtTokens(provider, server_key)
    stack.push_async_callback(tokens.aclose)
    return tokens


def open_model(
    settings: Settings, scripts: RedisScripts, meter: Meter, stack: contextlib.AsyncExitStack
) -> GuardedModel | None:
    """The language model behind its breaker; None where nothing asks for one."""
    if not settings.uses_openai and settings.extractor_kind != "openai":
        return None
    from scrubjay.adapters.openai.chat_model import OpenAIModel

    model = OpenAIModel(
        _remote(settings, settings.llm_model),
        meter=meter,
        price=_price(settings.llm_model, settings, settings.price_input_usd, settings.price_output_usd),
    )
    stack.push_async_callback(model.aclose)
    return GuardedModel(model, _breaker(settings, scripts, settings.llm_model))


def open_embedder(
    settings: Settings, scripts: RedisScripts, meter: Meter, stack: contextlib.AsyncExitStack
) -> Embedder:
    """The embedder; a remote one stands behind its breaker."""
    if settings.embedder_kind == "local":
        from scrubjay.adapters.minilm.embedder import LocalEmbedder

        local = LocalEmbedder()
        stack.push_async_callback(local.aclose)
        return local
    from scrubjay.adapters.openai.embedder import OpenAIEmbedder

    remote = OpenAIEmbedder(
        _remote(settings, settings.embedding_model),
        meter=meter,
        price=_price(settings.embedding_model, settings, settings.price_embedding_usd),
    )
    stack.push_async_callback(remote.aclose)
    return GuardedEmbedder(remote, _breaker(settings, scripts, settings.embedding_model))


def _remote(settings: Settings, model: str) -> RemoteModel:
    """A model behind the endpoint that the settings name."""
    from scrubjay.adapters.openai.endpoint import RemoteModel

    return RemoteModel(
        api_key=_key(settings),
        base_url=settings.openai_base_url,
        model=model,
        timeout_seconds=settings.model_timeout_seconds,
    )


def _price(model: str, settings: Settings, input_usd: float | None, output_usd: float | None = None) -> Price | None:
    """As set, else as listed; None where neither is known."""
    from scrubjay.adapters.openai.prices import Price, listed_price

    if input_usd is not None or output_usd is not None:
        return Price(input_usd or 0.0, output_usd or 0.0)
    return listed_price(model, settings.openai_base_url)


def _breaker(settings: Settings, scripts: RedisScripts, model: str) -> RedisBreaker:
    """Another key is another endpoint: with a new key nobody waits for the end of what the old one was refused for."""
    limits = BreakerLimits(
        longest_seconds=settings.retry_max_seconds,
        call_seconds=2 * settings.model_timeout_seconds,  # one call may ask again in a simpler dialect
    )
    return RedisBreaker(scripts, name_of(settings.openai_base_url, _key(settings), model), limits)


def secret(value: SecretStr | None) -> str | None:
    """A secret's text."""
    return value.get_secret_value() if value else None


def _key(settings: Settings) -> str:
    """The settings' API key for the endpoint of the model and the embedder, or what is sent where it wants none."""
    return secret(settings.openai_api_key) or _KEY_OF_KEYLESS_ENDPOINTS
