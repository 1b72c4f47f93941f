"""Queries with their prefetches: from JSON to the engine's requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.bm25 import is_document
from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    PointId,
    as_int,
    as_list,
    as_number,
    as_object,
    as_point_id,
    as_string,
    choose,
    only,
)
from scrubjay.devstack.qdrant_engine.filters import read_filter
from scrubjay.devstack.qdrant_engine.formula import read_formula
from scrubjay.devstack.qdrant_engine.pages import (
    LIMIT,
    read_limit,
    read_order_by,
    read_params,
    read_with_payload,
    read_with_vector,
)
from scrubjay.devstack.qdrant_engine.vectors import DEFAULT, VectorShape

RRF_K = 2
MAX_DEPTH = 16
MAX_MMR_CANDIDATES = 16_384
Lookup = Callable[[PointId, str], "engine.NamedVector"]
# The stub does not know that the variants of Fusion are Fusions.
_rrf_fusion = cast("Callable[..., engine.Fusion]", engine.Fusion.Rrf)
_dbsf_fusion = cast("Callable[[], engine.Fusion]", engine.Fusion.Dbsf)
_FUSIONS = {"rrf": _rrf_fusion(RRF_K), "dbsf": _dbsf_fusion()}
_PREFETCH = ("prefetch", "query", "using", "filter", "params", "score_threshold", "limit", "lookup_from")
_QUERY = (*_PREFETCH, "offset", "with_vector", "with_payload", "shard_key")


class QueryReader:
    """Reads queries against one collection; `lookup` finds a stored vector for a query by point id."""

    def __init__(self, shape: VectorShape, lookup: Lookup) -> None:
        self._shape = shape
        self._lookup = lookup

    def read(self, value: Any) -> engine.QueryRequest:
        """Read one query."""
        body = only(as_object(value, "the query"), _QUERY, "a query")
        scoring, selection = self._scoring(body)
        return engine.QueryRequest(
            read_limit(body),
            offset=as_int(body.get("offset") or 0, "offset"),
            query=scoring,
            prefetches=self._prefetches(body, 0),
            with_vector=read_with_vector(body.get("with_vector")),
            with_payload=read_with_payload(body.get("with_payload"), otherwise=False),
            filter=selection,
            score_threshold=_threshold(body),
            params=read_params(body.get("params")),
        )

    def _prefetches(self, body: Json, depth: int) -> list[engine.Prefetch]:
        value = body.get("prefetch")
        if value is None:
            return []
        if depth > MAX_DEPTH:
            raise BadInput(f"prefetches are nested more than {MAX_DEPTH} levels deep.")
        if value and body.get("query") is None:
            raise BadInput("Wrong input: A query is needed to merge the prefetches.")
        return [self._prefetch(item, depth) for item in (value if isinstance(value, list) else [value])]

    def _prefetch(self, value: Any, depth: int) -> engine.Prefetch:
        body = only(as_object(value, "a prefetch"), _PREFETCH, "a prefetch")
        scoring, selection = self._scoring(body)
        return engine.Prefetch(
            read_limit(body),
            query=scoring,
            prefetches=self._prefetches(body, depth + 1),
            params=read_params(body.get("params")),
            filter=selection,
            score_threshold=_threshold(body),
        )

    def _scoring(self, body: Json) -> tuple[engine.ScoringQueryType | None, engine.Filter | None]:
        if body.get("lookup_from") is not None or body.get("shard_key") is not None:
            raise NotServed("lookup_from and shard_key are not served here.")
        selection, query = read_filter(body.get("filter")), body.get("query")
        if query is None:
            return None, selection
        if _is_target(query):
            query = {"nearest": query}
        if "nearest" in query:
            return self._nearest(only(query, ("nearest", "mmr"), "query"), selection, body)
        return _by_rule(query, body), selection

    def _nearest(
        self, query: Json, selection: engine.Filter | None, body: Json
    ) -> tuple[engine.ScoringQueryType, engine.Filter | None]:
        target = query["nearest"]
        using = DEFAULT if body.get("using") is None else as_string(body["using"], "using")
        if isinstance(target, int | str):
            point_id = as_point_id(target)
            vector = self._lookup(point_id, self._shape.require(using))
            itself = engine.HasIdCondition({point_id})
            selection = engine.Filter(must=[selection] if selection else None, must_not=[itself])
        else:
            vector = self._shape.read(using, target, as_query=True)
        if query.get("mmr") is not None:
            return _mmr(query["mmr"], vector, using, body), selection
        return engine.Query.Nearest(vector, using), selection


def _is_target(query: Any) -> bool:
    """Tell a bare vector, document or point id from a query that says what it is."""
    return not isinstance(query, dict) or is_document(query) or "indices" in query


def _by_rule(query: Json, body: Json) -> engine.ScoringQueryType:
    """Read a Qdrant query without a vector (fusion, rrf, order_by, formula, sample) from JSON into the engine's."""
    if len(query) != 1 and "formula" not in query:
        raise BadInput("a query must have exactly one field.")
    if "fusion" in query or "rrf" in query:
        if body.get("using") is not None:
            raise BadInput("Wrong input: Fusion queries cannot be combined with the 'using' field.")
        return choose(_FUSIONS, query["fusion"], "fusion") if "fusion" in query else _rrf(query["rrf"])
    if "order_by" in query:
        if body.get("score_threshold") is not None:
            raise BadInput("Wrong input: Can't use score_threshold with an order_by query.")
        return read_order_by(query["order_by"])
    if "formula" in query:
        return read_formula(query)
    if "sample" in query:
        return choose({"random": engine.Sample.Random}, query["sample"], "sample")
    raise NotServed(f"the query {', '.join(query)} is not served here.")


def _rrf(value: Any) -> engine.Fusion:
    body = only(as_object(value, "rrf"), ("k", "weights"), "rrf")
    k, weights = body.get("k"), body.get("weights")
    return _rrf_fusion(
        RRF_K if k is None else as_int(k, "rrf.k", least=1),
        None
        if weights is None
        else [as_number(weight, "each of rrf.weights") for weight in as_list(weights, "rrf.weights")],
    )


def _mmr(value: Any, vector: engine.NamedVector, using: str, body: Json) -> engine.Mmr:
    mmr = only(as_object(value, "mmr"), ("diversity", "candidates_limit"), "mmr")
    diversity = 0.5 if mmr.get("diversity") is None else as_number(mmr["diversity"], "mmr.diversity")
    if not 0 <= diversity <= 1:
        raise BadInput("mmr.diversity must be from 0 to 1.")
    limit = mmr.get("candidates_limit") if mmr.get("candidates_limit") is not None else body.get("limit")
    candidates = as_int(LIMIT if limit is None else limit, "mmr.candidates_limit")
    if candidates > MAX_MMR_CANDIDATES:
        raise BadInput(f"mmr.candidates_limit must be at most {MAX_MMR_CANDIDATES}.")
    return engine.Mmr(vector, 1.0 - diversity, candidates, using)


def _threshold(body: Json) -> float | None:
    """Read `score_threshold` of a Qdrant points query or prefetch from JSON; without a `query` it is refused."""
    value = body.get("score_threshold")
    if value is not None and body.get("query") is None:
        raise BadInput("Wrong input: A query is needed to use the score_threshold.")
    return None if value is None else as_number(value, "score_threshold")
