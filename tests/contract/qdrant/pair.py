"""Two stores that must agree: the embedded server over HTTP and qdrant-client's own in-memory mode."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

Call = Callable[[QdrantClient, str], Any]
Search = Callable[[QdrantClient, str], Sequence[models.ScoredPoint]]
TOLERANCE = 1e-4
_UNCOUNTED = {"version", "operation_id"}


@dataclass(frozen=True)
class Pair:
    """A collection of the same name and content in both stores; a call gets the client and that name."""

    served: QdrantClient
    memory: QdrantClient
    name: str

    def agree(self, call: Call) -> Any:
        """Make one call on both stores, demand equal answers and return what the server said."""
        ours, theirs = call(self.served, self.name), call(self.memory, self.name)
        assert plain(ours) == nearly(plain(theirs))
        return ours

    def agree_on_ranking(self, search: Search) -> list[models.ScoredPoint]:
        """Like `agree` for found points; points of equal score may come in any order."""
        ours, theirs = search(self.served, self.name), search(self.memory, self.name)
        assert [point.score for point in ours] == pytest.approx([point.score for point in theirs], abs=TOLERANCE)
        assert _by_score(ours) == nearly(_by_score(theirs))
        return list(ours)

    def agree_on_everything(self) -> None:
        """Demand that both stores hold the same points, payloads and vectors."""
        self.agree(lambda client, name: client.count(name))
        self.agree(lambda client, name: client.scroll(name, limit=10_000, with_payload=True, with_vectors=True))

    def change(self, call: Call) -> None:
        """Make one change on both stores."""
        call(self.served, self.name)
        call(self.memory, self.name)

    def refuse(self, call: Call, status: int) -> None:
        """Demand that both stores refuse a call, the server with this HTTP status."""
        with pytest.raises(UnexpectedResponse) as refusal:
            call(self.served, self.name)
        assert refusal.value.status_code == status
        with pytest.raises((ValueError, KeyError)):
            call(self.memory, self.name)


def _by_score(points: Iterable[models.ScoredPoint]) -> list[Any]:
    """List points by score, best first, and those of equal score by id."""
    groups: list[list[models.ScoredPoint]] = []
    for point in points:
        if not groups or abs(groups[-1][0].score - point.score) > TOLERANCE:
            groups.append([])
        groups[-1].append(point)
    return [plain(point) for group in groups for point in sorted(group, key=lambda point: str(point.id))]


def plain(value: Any) -> Any:
    """Reduce an answer to comparable values: models to dicts, ids to text.

    Left out are `version` and `operation_id`, which the in-memory mode does not count.
    """
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields if name not in _UNCOUNTED}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


def nearly(value: Any) -> Any:
    """Let every float in plain values be equal to its neighbours: one store counts in 32 bits, one in 64."""
    if isinstance(value, dict):
        return {name: nearly(item) for name, item in value.items()}
    if isinstance(value, list):
        return [nearly(item) for item in value]
    return pytest.approx(value, abs=TOLERANCE) if isinstance(value, float) else value
