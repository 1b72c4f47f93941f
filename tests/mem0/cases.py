"""One table of what Mem0's users ask for, with the one answer of every surface: HTTP, the library, MCP.

Sources: Mem0's filter grammar and history shape (docs/coming-from-mem0.md), and the differences that the surfaces had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.model import Status

BAD_REQUEST, NOT_FOUND = "bad_request", "not_found"

DOG, CAT, BARK = "Ana has a dog.", "Ana has a cat.", "A DOG barked."
ALL = frozenset({DOG, CAT, BARK})


@dataclass(frozen=True)
class Kept:
    """A memory that is there before filters are tried.

    Args:
        text: word for word.
        ids: besides the user's.
        metadata: of the memory.
    """

    text: str
    ids: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


MEMORIES = (
    Kept(DOG, {"run_id": "r1"}, {"stars": 5, "team": "red"}),
    Kept(CAT, {"run_id": "r2"}, {"stars": 3, "team": "blue", "keywords_search": "dog"}),
    Kept(BARK, {"agent_id": "a1"}, {"session_id": "r1"}),
)

# A filter beside the user's id, and the memories that it lists, or the code of the refusal.
FILTERS: tuple[tuple[Mapping[str, Any], frozenset[str] | str], ...] = (
    ({"keywords_search": "dog"}, frozenset({DOG, BARK})),  # was compared with metadata by the library, unknown to MCP
    ({"keywords_search": {"contains": "dog"}}, frozenset({DOG})),
    ({"keywords": "dog"}, frozenset({DOG, BARK})),
    ({"keywords": {"contains": "dog"}}, frozenset({DOG})),
    ({"keywords": {"icontains": "DOG"}}, frozenset({DOG, BARK})),
    ({"session_id": "r1"}, frozenset({DOG})),  # was metadata in the library, unknown to MCP
    ({"session_id": {"in": ["r2", "r3"]}}, frozenset({CAT})),
    ({"run_id": "r1"}, frozenset({DOG})),
    ({"run_id": {"in": ["r1", "r2"]}}, frozenset({DOG, CAT})),
    ({"run_id": {"ne": "r1"}}, frozenset({CAT})),
    ({"run_id": "*"}, frozenset({DOG, CAT})),
    ({"agent_id": "a1"}, frozenset({BARK})),
    ({"NOT": {"session_id": "r1"}}, frozenset({CAT, BARK})),
    ({"NOT": [{"keywords_search": "dog"}]}, frozenset({CAT})),
    ({"OR": [{"keywords_search": "cat"}, {"session_id": "r1"}]}, frozenset({CAT, DOG})),
    ({"AND": [{"keywords": "dog"}, {"run_id": "*"}]}, frozenset({DOG})),
    ({"metadata": {"stars": {"gte": 4}}}, frozenset({DOG})),
    ({"metadata": {"team": "blue"}}, frozenset({CAT})),
    ({"metadata": {"team": {"ne": "blue"}}}, frozenset({DOG})),
    ({"metadata": {"session_id": "r1"}}, frozenset({BARK})),  # a key inside of metadata keeps its name
    ({"metadata": {"keywords_search": "dog"}}, frozenset({CAT})),
    ({"text": {"icontains": "CAT"}}, frozenset({CAT})),
    ({"categories": {"in": ["food"]}}, frozenset()),
    ({"created_at": {"gte": "2020-01-01"}}, ALL),
    ({"created_at": {"lt": "2020-01-01"}}, frozenset()),
    ({"stars": {"gte": 4}}, BAD_REQUEST),  # was accepted by the library
    ({"team": "red"}, BAD_REQUEST),
    ({"expiration_date": "2030-01-01"}, BAD_REQUEST),
    ({"run_id": {"gt": "r1"}}, BAD_REQUEST),
    ({"AND": []}, BAD_REQUEST),
    ({"NOT": "dog"}, BAD_REQUEST),
)

# What Mem0 calls a turn's status, and whether the answer tells the turn's error.
STATUSES: tuple[tuple[Status, str, bool], ...] = (
    (Status.QUEUED, "PENDING", False),
    (Status.RUNNING, "RUNNING", False),
    (Status.RETRYING, "RUNNING", False),  # was PENDING over MCP
    (Status.SETTLED, "SUCCEEDED", False),
    (Status.DEAD, "FAILED", True),
    (Status.ERASED, "FAILED", True),
)


@dataclass(frozen=True)
class Told:
    """A turn of a history.

    Args:
        text: what is said.
        day: when; now if None.
    """

    text: str
    day: str | None = None


Entry = tuple[str, str | None, str | None]  # the event, the old text, the new one

LISBON, BRAGA, PORTO = "I live in Lisbon.", "I live in Braga.", "I live in Porto."
# Turns of one user, and the history of the one memory that they make.
HISTORIES: tuple[tuple[tuple[Told, ...], tuple[Entry, ...]], ...] = (
    ((Told(LISBON),), (("ADD", None, LISBON),)),
    ((Told(LISBON), Told(PORTO)), (("ADD", None, LISBON), ("UPDATE", LISBON, PORTO))),
    (  # a late fact between two versions: two entries had exchanged their ids
        (Told(LISBON, "2026-01-01"), Told(PORTO, "2026-03-01"), Told(BRAGA, "2026-02-01")),
        (("ADD", None, LISBON), ("UPDATE", LISBON, BRAGA), ("UPDATE", BRAGA, PORTO)),
    ),
    (  # a late fact before the first
        (Told(LISBON, "2026-02-01"), Told(PORTO, "2026-03-01"), Told(BRAGA, "2026-01-01")),
        (("ADD", None, BRAGA), ("UPDATE", BRAGA, LISBON), ("UPDATE", LISBON, PORTO)),
    ),
)

UNKNOWN_ID = "0d0c6c2e-0000-4000-8000-000000000000"
# A call that cannot be done, and the code of the refusal.
REFUSALS: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("get", {"memory_id": UNKNOWN_ID}, NOT_FOUND),
    ("update", {"memory_id": UNKNOWN_ID, "text": "tea"}, NOT_FOUND),
    ("delete", {"memory_id": UNKNOWN_ID}, NOT_FOUND),
    ("update", {"memory_id": UNKNOWN_ID}, BAD_REQUEST),
    ("add", {"text": "I like tea"}, BAD_REQUEST),
    ("search", {"query": "tea", "filters": None}, BAD_REQUEST),
    ("search", {"query": "tea", "filters": {"user_id": "*"}}, BAD_REQUEST),
    ("search", {"query": " ", "filters": {"user_id": "ana"}}, BAD_REQUEST),
    ("search", {"query": "tea", "filters": {"user_id": "ana", "colour": "red"}}, BAD_REQUEST),
)
