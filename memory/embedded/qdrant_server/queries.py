"""Queries: from the bodies of Qdrant's read routes to the engine's requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import qdrant_edge as engine

from memory.embedded.qdrant_server.bm25 import is_document
from memory.embedded.qdrant_server.errors import BadInput, NotServed
from memory.embedded.qdrant_server.fields import (
    Json,
    PointId,
    as_bool,
    as_int,
    as_list,
    as_number,
    as_object,
    as_point_id,
    as_string,
    as_strings,
    choose,
    only,
)
from memory.embedded.qdrant_server.filters import read_filter
from memory.embedded.qdrant_server.formula import read_formula
from memory.embedded.qdrant_server.vectors import DEFAULT, VectorShape

LIMIT = 10
RRF_K = 2
MAX_DEPTH = 16
# The stub does not know that the variants of Fusion are Fusions.
_rrf_fusion = cast("Callable[..., engine.Fusion]", engine.Fusion.Rrf)
_dbsf_fusion = cast("Callable[[], engine.Fusion]", engine.Fusion.Dbsf)
_FUSIONS = {"rrf": _rrf_fusion(RRF_K), "dbsf": _dbsf_fusion()}
Lookup = Callable[[PointId, str], "engine.NamedVector"]
_DIRECTIONS = {"asc": engine.Direction.Asc, "desc": engine.Direction.Desc}
_PREFETCH = ("prefetch", "query", "using", "filter", "params", "score_threshold", "limit", "lookup_from")
_QUERY = (*_PREFETCH, "offset", "with_vector", "with_payload", "shard_key")
_VARIANTS = ("nearest", "fusion", "rrf", "order_by", "formula", "sample", "recommend", "discover", "context",
             "relevance_feedback", "text")  # fmt: skip


class QueryReader:
    """Reads queries against one collection; `lookup` finds a stored vector for a query by point id."""

    def __init__(self, shape: VectorShape, lookup: Lookup) -> None:
        self._shape = shape
        self._lookup = lookup

    def read(self, value: Any) -> engine.QueryRequest:
        """Read one query with its prefetches."""
        body = only(as_object(value, "the query"), _QUERY, "a query")
        scoring, selection = self._scoring(body)
        return engine.QueryRequest(
            _limit(body),
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
        return [self._prefetch(item, depth) for item in (value if isinstance(value, list) else [value])]

    def _prefetch(self, value: Any, depth: int) -> engine.Prefetch:
        body = only(as_object(value, "a prefetch"), _PREFETCH, "a prefetch")
        scoring, selection = self._scoring(body)
        return engine.Prefetch(
            _limit(body),
            query=scoring,
            prefetches=self._prefetches(body, depth + 1),
            params=read_params(body.get("params")),
            filter=selection,
            score_threshold=_threshold(body),
        )

    def _scoring(self, body: Json) -> tuple[engine.ScoringQueryType | None, engine.Filter | None]:
        if body.get("lookup_from") is not None or body.get("shard_key") is not None:
            raise NotServed("lookup_from and shard_key are not served here.")
        selection = read_filter(body.get("filter"))
        query = body.get("query")
        if query is None:
            return None, selection
        using = self._using(body)
        if not _is_variant(query):
            query = {"nearest": query}
        if "nearest" in query:
            return self._nearest(only(query, ("nearest", "mmr"), "query"), using, selection, body)
        return _by_rule(query), selection

    def _using(self, body: Json) -> str:
        using = body.get("using")
        return DEFAULT if using is None else as_string(using, "using")

    def _nearest(
        self, query: Json, using: str, selection: engine.Filter | None, body: Json
    ) -> tuple[engine.ScoringQueryType, engine.Filter | None]:
        target = query["nearest"]
        if isinstance(target, int | str):
            point_id = as_point_id(target)
            vector = self._lookup(point_id, self._shape.require(using))
            others = engine.HasIdCondition({point_id})
            selection = engine.Filter(must=[selection] if selection else None, must_not=[others])
        else:
            vector = self._shape.read(using, target, as_query=True)
        if query.get("mmr") is not None:
            return _mmr(query["mmr"], vector, using, body), selection
        return engine.Query.Nearest(vector, using), selection


def _is_variant(query: Any) -> bool:
    return isinstance(query, dict) and not is_document(query) and any(name in query for name in _VARIANTS)


def _by_rule(query: Json) -> engine.ScoringQueryType:
    if "fusion" in query:
        return choose(_FUSIONS, only(query, ("fusion",), "query")["fusion"], "fusion")
    if "rrf" in query:
        return _rrf(only(query, ("rrf",), "query")["rrf"])
    if "order_by" in query:
        return read_order_by(only(query, ("order_by",), "query")["order_by"])
    if "formula" in query:
        return read_formula(query)
    if "sample" in query:
        return choose({"random": engine.Sample.Random}, query["sample"], "sample")
    raise NotServed(f"the query {', '.join(query)} is not served here.")


def _rrf(value: Any) -> engine.ScoringQueryType:
    body = only(as_object(value, "rrf"), ("k", "weights"), "rrf")
    weights = body.get("weights")
    return _rrf_fusion(
        as_int(body.get("k") if body.get("k") is not None else RRF_K, "rrf.k", least=1),
        None if weights is None else [as_number(weight, "rrf.weights") for weight in as_list(weights, "rrf.weights")],
    )


def _mmr(value: Any, vector: engine.NamedVector, using: str, body: Json) -> engine.Mmr:
    mmr = only(as_object(value, "mmr"), ("diversity", "candidates_limit"), "mmr")
    diversity = 0.5 if mmr.get("diversity") is None else as_number(mmr["diversity"], "mmr.diversity")
    limit = mmr.get("candidates_limit") or body.get("limit") or LIMIT
    return engine.Mmr(vector, 1.0 - diversity, as_int(limit, "mmr.candidates_limit"), using)


def _limit(body: Json) -> int:
    value = body.get("limit")
    return LIMIT if value is None else as_int(value, "limit", least=1)


def _threshold(body: Json) -> float | None:
    value = body.get("score_threshold")
    return None if value is None else as_number(value, "score_threshold")


def read_order_by(value: Any) -> engine.OrderBy:
    """Read an order: a key, or a key with a direction and where to start from."""
    if isinstance(value, str):
        return engine.OrderBy(value)
    body = only(as_object(value, "order_by"), ("key", "direction", "start_from"), "order_by")
    start = body.get("start_from")
    if start is not None and not isinstance(start, str):
        start = start if isinstance(start, int) and not isinstance(start, bool) else as_number(start, "start_from")
    direction = body.get("direction")
    return engine.OrderBy(
        as_string(body.get("key"), "order_by.key"),
        None if direction is None else choose(_DIRECTIONS, direction, "order_by.direction"),
        start,
    )


def read_params(value: Any) -> engine.SearchParams | None:
    """Read how to search; the defaults are the engine's."""
    if value is None:
        return None
    body = only(as_object(value, "params"), ("hnsw_ef", "exact", "indexed_only", "idf"), "params")
    ef = body.get("hnsw_ef")
    idf = body.get("idf")
    return engine.SearchParams(
        hnsw_ef=None if ef is None else as_int(ef, "params.hnsw_ef"),
        exact=as_bool(body.get("exact") or False, "params.exact"),
        indexed_only=as_bool(body.get("indexed_only") or False, "params.indexed_only"),
        idf=engine.IdfParams(read_filter(idf.get("corpus"))) if isinstance(idf, dict) else None,
    )


def read_with_payload(value: Any, *, otherwise: bool) -> engine.WithPayloadType:
    """Read which payload fields to return; `otherwise` holds when the request does not say."""
    if value is None:
        return otherwise
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return as_strings(value, "with_payload")
    body = only(as_object(value, "with_payload"), ("include", "exclude"), "with_payload")
    if body.get("include") is not None:
        return engine.PayloadSelector.Include(as_strings(body["include"], "include"))
    return engine.PayloadSelector.Exclude(as_strings(body.get("exclude"), "exclude"))


def read_with_vector(value: Any) -> engine.WithVectorType:
    """Read which vectors to return: none unless the request says so."""
    if isinstance(value, list):
        return as_strings(value, "with_vector")
    return as_bool(value or False, "with_vector")


def read_scroll(value: Any) -> engine.ScrollRequest:
    """Read a page to scroll to."""
    body = only(
        as_object(value, "the body"),
        ("offset", "limit", "filter", "with_payload", "with_vector", "order_by", "shard_key"),
        "a scroll",
    )
    offset, order_by = body.get("offset"), body.get("order_by")
    if offset is not None and order_by is not None:
        raise BadInput("Wrong input: Cannot use an `offset` when using `order_by`. Use `start_from` instead.")
    return engine.ScrollRequest(
        offset=None if offset is None else as_point_id(offset, "offset"),
        limit=_limit(body),
        filter=read_filter(body.get("filter")),
        with_payload=read_with_payload(body.get("with_payload"), otherwise=True),
        with_vector=read_with_vector(body.get("with_vector")),
        order_by=None if order_by is None else read_order_by(order_by),
    )


def read_count(value: Any) -> engine.CountRequest:
    """Read what to count."""
    body = only(as_object(value, "the body"), ("filter", "exact", "shard_key"), "a count")
    exact = body.get("exact")
    return engine.CountRequest(
        exact=True if exact is None else as_bool(exact, "exact"), filter=read_filter(body.get("filter"))
    )


def read_facet(value: Any) -> engine.FacetRequest:
    """Read which payload key to count by value."""
    body = only(as_object(value, "the body"), ("key", "limit", "filter", "exact", "shard_key"), "a facet")
    return engine.FacetRequest(
        as_string(body.get("key"), "key"),
        limit=_limit(body),
        exact=as_bool(body.get("exact") or False, "exact"),
        filter=read_filter(body.get("filter")),
    )
