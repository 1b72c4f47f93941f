"""What the HTTP API answers, as frozen values; fields that a newer server adds are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class View(BaseModel):
    """A frozen value read from an answer."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True, serialize_by_alias=True
    )


class Queued(View):
    """The answer to a posted turn."""

    id: str
    status: str


class EventView(View):
    """What a turn did to one memory."""

    event: str
    id: str
    memory: str
    previous: str | None = None
    in_quarantine: bool = Field(default=False, alias="held")
    renewed: bool = False


class UsageView(View):
    """The calls of models that a turn took part in, and its share of tokens and cost."""

    calls: int = 0
    embeddings: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    embedding_tokens: int = 0
    cost_usd: float | None = None


class IncidentView(View):
    """What went wrong with a turn: once, or `times` times between `at` and `last_at`."""

    what: str
    at: datetime
    last_at: datetime
    times: int = 1
    turns: int | None = None
    error: str | None = None
    attempt: int = 0


class CountsView(View):
    """How often it went wrong, in total."""

    failed: int = 0
    postponed: int = 0
    worker_lost: int = 0
    replayed: int = 0


class TurnView(View):
    """Where a turn is; whose it is and what went wrong with it are given for one turn and for dead letters."""

    id: str
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    status: str
    attempts: int = 0
    error: str | None = None
    events: tuple[EventView, ...] = ()
    accepted_at: datetime
    settled_at: datetime | None = None
    gated: bool = False
    usage: UsageView = UsageView()
    messages: tuple[Mapping[str, Any], ...] | None = None
    history: tuple[IncidentView, ...] = ()
    counts: CountsView = CountsView()


class MemoryView(View):
    """A memory; `score` only in the answer to a search."""

    id: str
    memory: str
    score: float | None = None
    categories: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None
    created_at: datetime
    updated_at: datetime
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    marked: bool = False


class QuarantinedView(MemoryView):
    """A memory that is held back until a person releases or discards it, with the passage that it rests on."""

    turn_ids: tuple[str, ...] = ()
    quote: str | None = None


class OutcomeView(View):
    """What became of one memory that was to be imported: imported, there, refused (with a reason) or busy."""

    id: str | None
    became: str
    reason: str | None = None
    in_quarantine: bool = Field(default=False, alias="held")


class ImportView(View):
    """What became of each, in order, and how many of each there are; the `busy` are to be sent again."""

    imported: int
    there: int
    refused: int
    busy: int
    results: tuple[OutcomeView, ...]


class SearchResults(View):
    """The answer to a search; `pending` counts accepted turns of this owner that are not settled yet."""

    results: tuple[MemoryView, ...]
    pending: int = 0


class Guidance(TypedDict, total=False):
    """What is added to the extraction prompt: of one turn, or of every turn of the tenant."""

    custom_instructions: str | None
    includes: str | None
    excludes: str | None
    custom_categories: Mapping[str, str]


class Part(TypedDict, total=False):
    """Which part of a list: a page by its number, or what follows a cursor of the answer before."""

    page: int
    page_size: int
    cursor: str | None


class Page(View, Generic[T]):
    """One page of a list; `count` is the size of the whole list, and `cursor` leads on at any depth."""

    count: int
    next: str | None = None
    previous: str | None = None
    cursor: str | None = None
    results: tuple[T, ...]


class OpenView(View):
    """Part of a receipt: fields that a newer server adds stay in it, as they are signed too."""

    model_config = ConfigDict(frozen=True, extra="allow")


class PlacesView(OpenView):
    """What an erase removed, by place."""

    turns: Mapping[str, int] = {}
    plans: int = 0
    texts: int = 0
    memories: int = 0
    versions: int = 0


class LeftoversView(OpenView):
    """What a look found of an owner who should be gone."""

    turns: int = 0
    texts: int = 0
    plans: int = 0
    versions: int = 0


class ReceiptView(OpenView):
    """What an erase removed, without saying whose it was. Its JSON is what is to be kept, and can be checked."""

    id: str = ""
    tenant: str = ""
    erased_at: datetime
    watermark: int
    owner: str = ""
    scope: tuple[str, ...] = ()
    turns: int
    memories: int
    verified: bool
    known: bool = True
    counts: PlacesView = PlacesView()
    left: LeftoversView = LeftoversView()


class VerificationView(View):
    """Whether a receipt holds; `owner` and `left` are None where that was not requested or is unknown."""

    signature: bool
    owner: bool | None = None
    left: LeftoversView | None = None


class Reply(View):
    """The answer of a chat."""

    reply: str
    memories_used: tuple[str, ...] = ()


class ChatStart(View):
    """The beginning of a chat that streams: the memories that are put into the prompt."""

    memories_used: tuple[str, ...] = ()


class Delta(View):
    """The next piece of the reply."""

    text: str


class ChatEnd(Reply):
    """The end of a chat that streams: the whole reply, and the turn that was accepted for it."""

    turn_id: str
