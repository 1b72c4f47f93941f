"""One OpenAI-compatible endpoint: its connections, the time a call may take, and what its errors mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from httpx import ConnectError, ConnectTimeout, HTTPError
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, OpenAIError, Timeout
from openai import BaseModel as Chunk
from pydantic import BaseModel, ConfigDict, ValidationError

from scrubjay.adapters.http.retry_after import retry_after_seconds
from scrubjay.errors import BadConfiguration, ModelRefused, ModelRejected, ModelUnavailable, ScrubjayError

# Some servers want no key, but the openai package insists on one.
_NO_KEY = "none"
_CONNECT_SECONDS = 5.0
_PING_SECONDS = 5.0
_DETAIL_CHARS = 500

# The request itself is at fault. Every other status is the endpoint's or our settings': no turn pays for it.
_OUR_FAULT = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
_SETTINGS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "refused our key (check OPENAI_API_KEY)",
    HTTPStatus.PAYMENT_REQUIRED: "wants to be paid (check the account that the key belongs to)",
    HTTPStatus.FORBIDDEN: "does not allow our key to do this (check OPENAI_API_KEY and the model's name)",
    HTTPStatus.NOT_FOUND: "does not know the model or the path (check the model's name and OPENAI_BASE_URL)",
}
# Some endpoints say so with a 400 and a code.
_SETTINGS_CODES = {"invalid_api_key": HTTPStatus.UNAUTHORIZED, "model_not_found": HTTPStatus.NOT_FOUND}
# A key may be good for completions and not for listing models (403): the first calls tell.
_NO_MODEL_LIST = {
    HTTPStatus.NOT_FOUND,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
}


class Wire(BaseModel):
    """What we read of an endpoint's answer; the rest is let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Tokens(Wire):
    """An answer's bill."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Billed(Wire):
    """An answer that comes with its bill; some endpoints leave it out."""

    usage: Tokens | None = None


class Raw(Protocol):
    """A response that has arrived in full."""

    @property
    def text(self) -> str:
        """The body of a raw HTTP response from an endpoint that speaks OpenAI's API."""


W = TypeVar("W", bound=Billed)

Bill = Callable[[Tokens], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class RemoteModel:
    """A model behind an endpoint, and how it is reached.

    Args:
        api_key: None where the endpoint wants none.
        base_url: None for OpenAI's own.
        model: the model's name.
        timeout_seconds: how long one call may take as a whole, however slowly its bytes arrive.
    """

    api_key: str | None = field(repr=False)
    base_url: str | None
    model: str
    timeout_seconds: float


class OpenAIEndpoint:
    """The connection to one endpoint.

    Args:
        remote: the model that is called, and how it is reached.
        bill: takes the cost of each answered call, right or wrong as the answer may be.

    Raises BadConfiguration for a key that no HTTP header can carry.
    """

    def __init__(self, remote: RemoteModel, bill: Bill) -> None:
        key, timeout_seconds = (remote.api_key or _NO_KEY).strip(), remote.timeout_seconds
        if not (key.isascii() and key.isprintable()):
            raise BadConfiguration("OPENAI_API_KEY holds a character that no key has: copy it once more.")
        self._timeout_seconds = timeout_seconds
        self._bill = bill
        # The lane retries, with the whole fleet in view; the client must not do so on its own.
        self.client = AsyncOpenAI(
            api_key=key,
            base_url=remote.base_url or None,
            timeout=Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds)),
            max_retries=0,
        )

    async def read(self, what: str, call: Awaitable[Raw], shape: type[W]) -> W:
        """Make a call and read its answer.

        Args:
            what: the part that is called, as named in errors.
            call: a call of the client, with a raw response.
            shape: what the answer must hold.

        Raises ModelUnavailable or ModelRejected.
        """
        async with _meant(what, self._timeout_seconds):
            answer = shape.model_validate_json((await call).text)
        await self._bill(answer.usage or Tokens())
        return answer

    async def read_pieces(
        self, what: str, call: Awaitable[AsyncStream[Any]], shape: type[W]
    ) -> AsyncGenerator[W, None]:
        """Make a call whose answer comes in pieces; to close this early hangs up.

        An answer that broke off, or was not wanted to its end, is billed without tokens: the endpoint tells them last.

        Args:
            what: as in `read`.
            call: a call of the client that streams.
            shape: what each piece must hold.

        Raises ModelUnavailable or ModelRejected; the call as a whole has as long as any other.
        """
        tokens: Tokens | None = None
        try:
            async with _meant(what, self._timeout_seconds), await call as chunks:
                async for chunk in chunks:
                    piece = shape.model_validate(_plain(chunk))
                    tokens = piece.usage or tokens or Tokens()
                    yield piece
        finally:
            if tokens is not None:
                await self._bill(tokens)

    async def ping(self, what: str) -> None:
        """Ask for the list of models; an endpoint without such a list is there, too.

        Raises ModelUnavailable, without the endpoint's own words: whoever asks how the service is reads the sentence.
        """
        seconds = min(_PING_SECONDS, self._timeout_seconds)
        try:
            async with _meant(what, seconds):
                await self.client.models.with_raw_response.list()
        except ScrubjayError as error:
            cause = error.__cause__
            if not (isinstance(cause, APIStatusError) and cause.status_code in _NO_MODEL_LIST):
                raise ModelUnavailable(f"{error.plain}.") from cause

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()


@asynccontextmanager
async def _meant(what: str, seconds: float) -> AsyncIterator[None]:
    """Translate what the openai client raises in a call to ModelUnavailable, ModelRejected or ModelRefused.

    The call made inside has so many seconds as a whole.
    """
    try:
        # The client's own timeout starts anew with every byte; this one does not.
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ModelUnavailable(f"{what} did not answer within {seconds:g} seconds.") from error
    except APIStatusError as error:
        raise meaning(what, error) from error
    except (APIConnectionError, HTTPError) as error:  # while an answer streams, the client lets the latter through
        is_deaf = isinstance(error.__cause__ or error, ConnectError | ConnectTimeout)
        sentence = f"{what} cannot be reached or broke off its answer."
        raise ModelUnavailable(sentence, for_any_request=is_deaf) from error
    except ValidationError as error:
        raise ModelUnavailable(f"{what} gave an answer that is not of its own protocol.") from error
    except (OpenAIError, ValueError) as error:  # a piece that is no JSON is the latter
        raise ModelUnavailable(f"{what} gave an answer that the client cannot read.") from error


def _plain(chunk: object) -> object:
    """A piece as it came: the client has built its own object of it, without a check."""
    return chunk.to_dict() if isinstance(chunk, Chunk) else chunk


def meaning(what: str, error: APIStatusError) -> ScrubjayError:
    """What an HTTP error status means: ModelRejected when the request is at fault, ModelRefused when our settings are.

    Everything else is ModelUnavailable.
    """
    status, detail = error.status_code, _detail(error.body)
    means = _SETTINGS_CODES.get(error.code or "", status)
    if status in _OUR_FAULT and "api key" in detail.lower():
        means = HTTPStatus.UNAUTHORIZED
    if means in _OUR_FAULT:
        return ModelRejected(f"{what} refused the request with HTTP {status}: {detail}")
    sentence = _SETTINGS.get(means, f"answered HTTP {status}: {detail}")
    wait = retry_after_seconds(error.response.headers, datetime.now(UTC))
    if means in _SETTINGS:
        return ModelRefused(f"{what} {sentence}.", retry_after_seconds=wait)
    is_busy = status < HTTPStatus.INTERNAL_SERVER_ERROR or wait is not None
    return ModelUnavailable(f"{what} {sentence}.", retry_after_seconds=wait, for_any_request=is_busy)


def _detail(body: Any) -> str:
    """The endpoint's own sentence if there is one, else the whole body; cut to what fits a status line."""
    detail = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(detail, dict) and isinstance(detail.get("message"), str):
        detail = detail["message"]
    return " ".join(str(detail).split())[:_DETAIL_CHARS] or "no reason given"
