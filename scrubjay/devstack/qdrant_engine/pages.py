"""What to return and in which order: limits, payload and vector selection, pages, counts and facets."""

from __future__ import annotations

from typing import Any

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    as_bool,
    as_int,
    as_number,
    as_object,
    as_point_id,
    as_string,
    as_strings,
    choose,
    only,
)
from scrubjay.devstack.qdrant_engine.filters import read_filter

LIMIT = 10
_DIRECTIONS = {"asc": engine.Direction.Asc, "desc": engine.Direction.Desc}


def _fields(value: Any, what: str, *allowed: str) -> Json:
    """Check the JSON body of a Qdrant scroll, count or facet request: unknown fields and shard keys are refused."""
    body = only(as_object(value, "the body"), (*allowed, "shard_key"), what)
    if body.get("shard_key") is not None:
        raise NotServed("shard keys are not served here: a collection has one shard.")
    return body


def read_limit(body: Json) -> int:
    """Read how many points to return at most."""
    value = body.get("limit")
    return LIMIT if value is None else as_int(value, "limit", least=1)


def read_order_by(value: Any) -> engine.OrderBy:
    """Read an order: a key, or a key with a direction and where to start from."""
    if isinstance(value, str):
        return engine.OrderBy(value)
    body = only(as_object(value, "order_by"), ("key", "direction", "start_from"), "order_by")
    start, direction = body.get("start_from"), body.get("direction")
    if start is not None and not isinstance(start, str):
        start = start if type(start) is int else as_number(start, "order_by.start_from")
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
    ef, idf = body.get("hnsw_ef"), body.get("idf")
    return engine.SearchParams(
        hnsw_ef=None if ef is None else as_int(ef, "params.hnsw_ef"),
        exact=as_bool(body.get("exact") or False, "params.exact"),
        indexed_only=as_bool(body.get("indexed_only") or False, "params.indexed_only"),
        idf=None if idf in (None, "global") else _idf(idf),
    )


def _idf(value: Any) -> engine.IdfParams:
    body = only(as_object(value, "params.idf"), ("corpus",), "params.idf")
    return engine.IdfParams(read_filter(body.get("corpus")))


def read_with_payload(value: Any, *, otherwise: bool) -> engine.WithPayloadType:
    """Read which payload fields to return; `otherwise` holds when the request does not say."""
    if value is None:
        return otherwise
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return engine.PayloadSelector.Include(_paths(value, "with_payload"))
    body = only(as_object(value, "with_payload"), ("include", "exclude"), "with_payload")
    if body.get("include") is not None:
        return engine.PayloadSelector.Include(_paths(body["include"], "include"))
    return engine.PayloadSelector.Exclude(_paths(body.get("exclude"), "exclude"))


def _paths(value: Any, what: str) -> list[str]:
    """Read the payload paths of a Qdrant request's `with_payload`, and let the engine refuse a path that is none."""
    paths = as_strings(value, what)
    for path in paths:
        engine.IsEmptyCondition(path)  # raises for a path that is none; a selector would only do so when used
    return paths


def read_with_vector(value: Any) -> engine.WithVectorType:
    """Read which vectors to return: none unless the request says so."""
    if isinstance(value, list):
        return as_strings(value, "with_vector")
    return as_bool(value or False, "with_vector")


def read_scroll(value: Any) -> engine.ScrollRequest:
    """Read which page of points to return."""
    body = _fields(value, "a scroll", "offset", "limit", "filter", "with_payload", "with_vector", "order_by")
    offset, order_by = body.get("offset"), body.get("order_by")
    if offset is not None and order_by is not None:
        raise BadInput("Wrong input: Cannot use an `offset` when using `order_by`. Use `start_from` instead.")
    return engine.ScrollRequest(
        offset=None if offset is None else as_point_id(offset, "offset"),
        limit=read_limit(body),
        filter=read_filter(body.get("filter")),
        with_payload=read_with_payload(body.get("with_payload"), otherwise=True),
        with_vector=read_with_vector(body.get("with_vector")),
        order_by=None if order_by is None else read_order_by(order_by),
    )


def read_count(value: Any) -> engine.CountRequest:
    """Read what to count."""
    body = _fields(value, "a count", "filter", "exact")
    exact = body.get("exact")
    return engine.CountRequest(
        exact=True if exact is None else as_bool(exact, "exact"), filter=read_filter(body.get("filter"))
    )


def read_facet(value: Any) -> engine.FacetRequest:
    """Read which payload key to count by value."""
    body = _fields(value, "a facet", "key", "limit", "filter", "exact")
    return engine.FacetRequest(
        as_string(body.get("key"), "key"),
        limit=read_limit(body),
        exact=as_bool(body.get("exact") or False, "exact"),
        filter=read_filter(body.get("filter")),
    )
