"""The values that tests and the server exchange over its admin routes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# `additive_extraction` is how the mem0ai package asks for facts: a prompt and an answer of its own.
Route = Literal[
    "extraction", "reconciliation", "additive_extraction", "chat", "digest", "embeddings", "models", "judge"
]


class Kind(StrEnum):
    """What can go wrong."""

    STATUS = "status"  # an HTTP error: `status`, and `headers` such as Retry-After
    NO_JSON_SCHEMA = "no_json_schema"  # HTTP 400 that names response_format, when a schema is sent in one
    SLOW = "slow"  # answers rightly, after `seconds`
    HELD = "held"  # answers rightly, when it is released; a stream after half of its chunks
    DRIP = "drip"  # answers rightly, one byte in `seconds`; a stream one chunk
    DROPPED = "dropped"  # sends half of the answer, then closes the connection
    NOT_JSON_BODY = "not_json_body"  # the HTTP body is a web page
    NO_CHOICES = "no_choices"  # the HTTP body is JSON, but no completion
    # From here on the wire is right and the model's own answer is wrong.
    NOT_JSON = "not_json"
    FENCED = "fenced"  # right, but inside a code fence
    TRUNCATED = "truncated"  # half of it, finish_reason "length"
    EMPTY = "empty"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    WRONG_TYPES = "wrong_types"
    EXTRA_KEYS = "extra_keys"  # right, with keys that nobody has asked for
    LIST = "list"  # the list alone, without the object around it
    NULL = "null"  # null in place of the list
    HUGE_TEXT = "huge_text"  # no JSON, `size` characters of it
    HUGE_BLANK = "huge_blank"  # an open code fence with `size` blank lines in it
    HUGE_FACT = "huge_fact"  # right in its shape, but each fact, or the text of each decision, has `size` characters
    MANY = "many"  # right in its shape, but with `size` facts or decisions
    DUPLICATE = "duplicate"  # right, but everything twice
    MISSING = "missing"  # one decision too few; reconciliation only
    UNKNOWN_NUMBER = "unknown_number"  # reconciliation only
    FALSE_QUOTE = "false_quote"  # extraction only
    # Embeddings only.
    WRONG_COUNT = "wrong_count"  # one vector too few
    WRONG_DIMENSION = "wrong_dimension"  # one number too many
    NOT_A_NUMBER = "not_a_number"


class Strict(BaseModel):
    """Refuses what it does not know: a typing error in a test must not pass for a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Strict):
    """Which calls something happens to.

    Args:
        route: None for every route that it makes sense for (`models` only when named).
        contains: only calls whose user messages, or texts to embed, hold this text.
        after: how many of these calls go by first.
        calls: for how many of these calls; None for ever.
    """

    route: Route | None = None
    contains: str = ""
    after: int = 0
    calls: int | None = None


class Fault(Rule):
    """One fault.

    Args:
        kind: what goes wrong.
        rate: the share of the calls that it hits, in [0, 1].
        status: of `Kind.STATUS`.
        headers: of `Kind.STATUS`.
        message: the error's message, of `Kind.STATUS`.
        code: the error's code, of `Kind.STATUS`, such as model_not_found.
        seconds: of `Kind.SLOW` and `Kind.DRIP`.
        size: of the HUGE ones in characters (0: 5 million), of MANY in items (0: 30,000).
    """

    kind: Kind
    rate: float = Field(1.0, ge=0, le=1)
    status: int = 503
    headers: Mapping[str, str] = {}
    message: str = "a fault was switched on"
    code: str | None = None
    seconds: float = 1.0
    size: int = Field(0, ge=0)


class Canned(Rule):
    """A scripted answer: an object (sent as JSON) or a text (sent as it is)."""

    answer: Mapping[str, Any] | str
    calls: int | None = 1


class Flow(Strict):
    """What went over the wire on one route.

    Args:
        calls: how many were made.
        system: characters of the instructions.
        material: characters of all other messages, or of the texts to embed.
        response_format: characters of what was sent under this name, as JSON without white space.
        texts: how many were to be embedded.
        answer: characters of what the model would say when nothing goes wrong.
        prompt_tokens: as billed; the response format costs none.
        completion_tokens: as billed.
    """

    calls: int = 0
    system: int = 0
    material: int = 0
    response_format: int = 0
    texts: int = 0
    answer: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Counts(Strict):
    """What was asked and what went wrong since the start or the last reset; calls and traffic by route, faults by kind.

    `faults_by_text` counts the calls that were hit by a fault which looks for a text, by that text. `held` is the
    number of calls that wait to be released at this moment.
    """

    calls: Mapping[str, int] = {}
    faults: Mapping[str, int] = {}
    faults_by_text: Mapping[str, int] = {}
    traffic: Mapping[Route, Flow] = {}
    held: int = 0
    texts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
