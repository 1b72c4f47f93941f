"""A model that answers and judges: the OpenAI wire, tried again with growing pauses by the openai package itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from openai import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    OpenAIError,
    PermissionDeniedError,
    RateLimitError,
)

from scrubjay.model import Usage
from tests.evals.llm.prompts import Asking

T = TypeVar("T")
_CALL_SECONDS = 120.0
_TIMES = 2
OPENAI_URL = "https://api.openai.com/v1"
# What OpenAI calls an account without money: it comes as a 429, but no patience helps.
NO_MONEY = "insufficient_quota"
_SETTINGS = (AuthenticationError, NotFoundError, PermissionDeniedError)


class Failed(Exception):
    """No usable answer was to be had; the text says why. It counts neither as right nor as wrong."""


class Refused(Exception):
    """The provider refuses our key or does not know the model: every further call would fail, too."""


@dataclass(frozen=True)
class Endpoint:
    """Where the models are.

    Args:
        api_key: None where the endpoint wants none.
        base_url: its address.
        retries: how often a call is made again when the provider is away or overloaded.
    """

    api_key: str | None
    base_url: str
    retries: int


class Model:
    """One model at an endpoint.

    Args:
        endpoint: where.
        name: the model's name.
        spent: told the cost of every answer that arrives, usable or not.
    """

    def __init__(self, endpoint: Endpoint, name: str, spent: Callable[[str, Usage], None]) -> None:
        self.name = name
        self._spent = spent
        self._takes_schema = True
        self._takes_temperature = True
        self._client = AsyncOpenAI(
            api_key=endpoint.api_key or "none",  # some servers want no key, but the package insists on one
            base_url=endpoint.base_url,
            max_retries=endpoint.retries,
            timeout=_CALL_SECONDS,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask(self, asking: Asking, read: Callable[[str], T]) -> T:
        """Ask until `read` accepts the answer, twice at most, the error named the second time.

        Args:
            asking: what to ask.
            read: takes the answer's text; raises ValueError with a sentence when it will not do.

        Raises Failed and Refused.
        """
        error, user = "", asking.user
        for _ in range(_TIMES):
            try:
                return read(await self._said(asking, user))
            except ValueError as invalid:
                error = str(invalid)
            user = f"{asking.user}\n\nYour last answer could not be used: {error} Answer once more."
        raise Failed(f"{self.name} gave an answer that could not be used, twice: {error}")

    async def _said(self, asking: Asking, user: str) -> str:
        """One answer, in a dialect that the endpoint understands. Raises ValueError when it is not whole."""
        while True:
            try:
                completion = await self._client.chat.completions.create(**self._request(asking, user))
                break
            except BadRequestError as error:
                if not self._can_do_without(str(error), asking):
                    raise Failed(f"{self.name} refused the request: {error}") from error
            except _SETTINGS as error:
                raise Refused(f"{self.name} cannot be asked: {error}") from error
            except RateLimitError as error:
                kind = Refused if error.code == NO_MONEY else Failed
                raise kind(f"{self.name} is not answered for: {error}") from error
            except OpenAIError as error:
                raise Failed(f"{self.name} could not be reached: {error}") from error
        if usage := completion.usage:
            tokens = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
            self._spent(self.name, Usage(calls=1, **tokens))
        else:
            self._spent(self.name, Usage(calls=1))
        return _whole(completion)

    def _request(self, asking: Asking, user: str) -> dict[str, Any]:
        messages = [{"role": "system", "content": asking.system}, {"role": "user", "content": user}]
        request: dict[str, Any] = {"model": self.name, "messages": messages}
        if self._takes_temperature:
            request["temperature"] = 0
        if asking.schema is not None and self._takes_schema:
            schema = {"name": asking.name, "strict": True, "schema": asking.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def _can_do_without(self, complaint: str, asking: Asking) -> bool:
        """Leave out what the endpoint complains about; the prompt describes the JSON in words as well."""
        if "temperature" in complaint and self._takes_temperature:
            self._takes_temperature = False
            return True
        if ("response_format" in complaint or "json_schema" in complaint) and asking.schema and self._takes_schema:
            self._takes_schema = False
            return True
        return False


def _whole(completion: Any) -> str:
    if not completion.choices:
        raise ValueError("It held no choice.")
    choice = completion.choices[0]
    text = (choice.message.content or "").strip()
    if choice.message.refusal or choice.finish_reason not in (None, "stop") or not text:
        raise ValueError("It was refused, empty or cut off.")
    return str(text)


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in an answer, whatever is written around it. Raises ValueError."""
    try:
        value = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError as error:
        raise ValueError("It held no JSON object.") from error
    return dict(value)
