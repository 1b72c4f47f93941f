"""A chat model behind the OpenAI wire: api.openai.com, or any server that speaks like it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, cast

from openai import AsyncStream

from scrubjay.adapters.openai.endpoint import Billed, OpenAIEndpoint, Raw, RemoteModel, Tokens, Wire
from scrubjay.adapters.openai.prices import Price, priced
from scrubjay.errors import ModelRejected, ModelUnavailable
from scrubjay.llm.prompts import with_schema
from scrubjay.model import Message, Role, Usage, Value
from scrubjay.ports import Answer, Meter, Question

# Room for a full batch's facts, and small enough for servers with a window of 8,000 tokens.
_ANSWER_TOKENS = 4_096
# Models that think count their thoughts as answer.
_THINKING_TOKENS = 16_384

_REFUSED, _FILTERED, _CALLED = "the model refused", "a content filter stopped it", "it called a tool instead"
_UNFINISHED = {
    "length": "it was cut off at the most tokens that an answer may have",
    "content_filter": _FILTERED,
    "tool_calls": _CALLED,
    "function_call": _CALLED,
}


class _Message(Wire):
    content: str | None = None
    refusal: str | None = None


class _Choice(Wire):
    message: _Message
    finish_reason: str | None = None


_NO_CHOICE = _Choice(message=_Message(), finish_reason="content_filter")


class _Completion(Billed):
    choices: list[_Choice]

    def answer(self) -> Answer:
        """The first choice, as the port wants it; without one nothing was answered, which some filters do."""
        choice = next(iter(self.choices), _NO_CHOICE)
        refusal = choice.message.refusal
        return Answer(
            text=refusal or choice.message.content or "",
            unfinished=_REFUSED if refusal else _UNFINISHED.get(choice.finish_reason or ""),
        )


class _Part(Wire):
    delta: _Message = _Message()
    finish_reason: str | None = None


class _Piece(Billed):
    """A piece of an answer; the one with the bill comes last and has no choice."""

    choices: tuple[_Part, ...] = ()

    @property
    def text(self) -> str:
        """What is said in it, be it a refusal."""
        return "".join(part.delta.content or part.delta.refusal or "" for part in self.choices[:1])

    @property
    def is_last(self) -> bool:
        """Whether the model stopped with it, for whatever reason."""
        return any(part.finish_reason for part in self.choices[:1])


class Dialect(Value):
    """How much of today's wire an endpoint understands: everything, until it refuses something by name."""

    format: Literal["json_schema", "json_object", "text"] = "json_schema"
    counts_thoughts: bool = False
    has_temperature: bool = True
    tells_tokens: bool = True

    def request(self, question: Question) -> dict[str, Any]:
        """The parameters that ask a question in this dialect."""
        system = question.system if self.format == "json_schema" else with_schema(question)
        request: dict[str, Any] = {
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": question.user}]
        }
        if self.format == "json_schema":
            schema = {"name": question.name, "strict": True, "schema": question.schema_}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.format == "json_object":
            request["response_format"] = {"type": "json_object"}
        if self.has_temperature:
            request["temperature"] = 0
        if self.counts_thoughts:
            return request | {"max_completion_tokens": _THINKING_TOKENS}
        return request | {"max_tokens": _ANSWER_TOKENS}

    def without(self, complaint: str) -> Dialect | None:
        """The dialect that does without what a refusal names; None when that would change nothing."""
        if "response_format" in complaint or "json_schema" in complaint or "json_object" in complaint:
            simpler = {"json_schema": "json_object", "json_object": "text"}.get(self.format)
            return self.model_copy(update={"format": simpler}) if simpler else None
        if "max_completion_tokens" in complaint and not self.counts_thoughts:
            return self.model_copy(update={"counts_thoughts": True})
        if "temperature" in complaint and self.has_temperature:
            return self.model_copy(update={"has_temperature": False})
        if "stream_options" in complaint and self.tells_tokens:
            return self.model_copy(update={"tells_tokens": False})
        return None


class OpenAIModel:
    """A language model over HTTP; it never tries again by itself. Opened once, closed with `aclose()`.

    Args:
        remote: the model, and how it is reached.
        meter: records the cost of each answered call.
        price: of the model, None where it is not known.
    """

    def __init__(self, remote: RemoteModel, *, meter: Meter, price: Price | None = None) -> None:
        self._endpoint = OpenAIEndpoint(remote, self._billed)
        self._name = remote.model
        self._meter = meter
        self._price = price
        self._dialect = Dialect()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    async def ping(self) -> None:
        """Return when the endpoint answers; raises ModelUnavailable."""
        await self._endpoint.ping(self._what)

    async def ask(self, question: Question) -> Answer:
        """Ask for an answer that follows the question's schema, in a dialect that the endpoint understands.

        Raises ModelUnavailable or ModelRejected.
        """
        dialect = self._dialect
        while True:
            try:
                completion = await self._complete(dialect.request(question))
            except ModelRejected as error:
                simpler = dialect.without(str(error))
                if simpler is None:
                    raise
                dialect = simpler
            else:
                # Remembered only now that it helped: a request refused for its content changes nothing.
                self._dialect = dialect
                return completion.answer()

    async def chat(self, messages: Sequence[Message]) -> str:
        """Answer a conversation in free text. Raises ModelUnavailable or ModelRejected."""
        completion = await self._complete({"messages": _messages(messages)})
        text = completion.answer().text
        self._refuse_blank(text)
        return text

    async def chat_stream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """The same piece by piece. Raises ModelUnavailable also after pieces; ModelRejected comes before the first."""
        dialect, text, is_whole = self._dialect, "", False
        while not is_whole:
            try:
                async with aclosing(self._pieces(_messages(messages), dialect)) as pieces:
                    async for piece in pieces:
                        is_whole = is_whole or piece.is_last
                        if piece.text:
                            text += piece.text
                            yield piece.text
            except ModelRejected as error:
                simpler = dialect.without(str(error))
                if simpler is None:
                    raise
                dialect = simpler
            else:
                if not is_whole:
                    raise ModelUnavailable(f"{self._what} broke off its answer.")
        self._dialect = dialect
        self._refuse_blank(text)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()

    @property
    def _what(self) -> str:
        return f"The model {self._name}"

    def _refuse_blank(self, text: str) -> None:
        if not text.strip():
            raise ModelUnavailable(f"{self._what} gave an empty reply.")

    def _pieces(self, messages: list[dict[str, str]], dialect: Dialect) -> AsyncGenerator[_Piece, None]:
        options = {"stream_options": {"include_usage": True}} if dialect.tells_tokens else {}
        create: Any = self._endpoint.client.chat.completions.create
        call: Awaitable[AsyncStream[Any]] = create(model=self._name, messages=messages, stream=True, **options)
        return self._endpoint.read_pieces(self._what, call, _Piece)

    async def _billed(self, tokens: Tokens) -> None:
        usage = Usage(calls=1, **tokens.model_dump())
        await self._meter.spent(self._name, priced(usage, self._price))

    async def _complete(self, request: Mapping[str, Any]) -> _Completion:
        create = self._endpoint.client.chat.completions.with_raw_response.create
        call = cast("Awaitable[Raw]", create(model=self._name, **request))
        return await self._endpoint.read(self._what, call, _Completion)


def _messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    # On the wire a tool's message must answer a call that was made there; ours are told, not called.
    roles = {Role.TOOL: Role.USER}
    return [{"role": roles.get(m.role, m.role).value, "content": m.content} for m in messages]
