"""What the server cannot do it refuses in Qdrant's shape, and it never fails on bad input.

Qdrant's OpenAPI document fixes the shape of an error and not its status or its words. What asks for one of these is
marked `ours`, and the store must not depend on it.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient

from tests.contract.qdrant.data import fill, index

Body = Any
C = "/collections/refusals"


@pytest.fixture(scope="module", autouse=True)
def collection(served: QdrantClient) -> None:
    fill(served, "refusals", 12)
    index(served, "refusals")


def _filter(*conditions: Body) -> Body:
    return {"filter": {"must": list(conditions)}}


def _near(**fields: Body) -> Body:
    return {"query": [0.0] * 8, "using": "dense"} | fields


def _point(**fields: Body) -> Body:
    return {"points": [{"id": 1, "vector": {"dense": [0.5] * 8}} | fields]}


def _deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"key": "a", "match": {"value": 1}}
    for _ in range(levels):
        inner = {"must": [inner]}
    return inner


BAD: list[tuple[str, str, Body, str]] = [
    ("PUT", f"{C}/points", {}, "points must be an array"),
    ("PUT", f"{C}/points", [], "the body must be an object"),
    ("PUT", f"{C}/points", {"points": {}}, "points must be an array"),
    ("PUT", f"{C}/points", {"points": [1]}, "a point must be an object"),
    ("PUT", f"{C}/points", {"points": []}, "Empty update request"),
    ("PUT", f"{C}/points", {"points": [{"id": 1}]}, "a point needs the field vector"),
    ("PUT", f"{C}/points", _point(id=-1), "must be an unsigned integer or a UUID"),
    ("PUT", f"{C}/points", _point(id=2**64), "must be an unsigned integer or a UUID"),
    ("PUT", f"{C}/points", _point(id=1.5), "must be an unsigned integer or a UUID"),
    ("PUT", f"{C}/points", _point(id=True), "must be an unsigned integer or a UUID"),
    ("PUT", f"{C}/points", _point(id="abc"), "neither an unsigned integer nor a UUID"),
    ("PUT", f"{C}/points", _point(id=None), "must be an unsigned integer or a UUID"),
    ("PUT", f"{C}/points", _point(payload=[]), "payload must be an object"),
    ("PUT", f"{C}/points", _point(extra=1), "has the field 'extra'"),
    ("PUT", f"{C}/points", _point(vector=None), "vector must be an object"),
    ("PUT", f"{C}/points", _point(vector={"dense": "x"}), "must be an array of numbers"),
    ("PUT", f"{C}/points", _point(vector={"dense": ["x"] * 8}), "must hold only numbers"),
    ("PUT", f"{C}/points", _point(vector={"dense": [True] * 8}), "must hold only numbers"),
    ("PUT", f"{C}/points", _point(vector={"dense": [0.5] * 7}), "expected dim: 8, got 7"),
    ("PUT", f"{C}/points", _point(vector={"nope": [0.5]}), "Not existing vector name error: nope"),
    ("PUT", f"{C}/points", _point(vector={"words": [0.5]}), "must be an object"),
    ("PUT", f"{C}/points", _point(vector={"words": {"indices": [1], "values": []}}), "1 indices but 0 values"),
    ("PUT", f"{C}/points", _point(vector={"words": {"indices": [1, 1], "values": [1, 2]}}), "must be unique"),
    ("PUT", f"{C}/points", _point(vector={"words": {"indices": [-1], "values": [1]}}), "unsigned 32-bit"),
    ("PUT", f"{C}/points", _point(vector={"words": {"indices": [2**32], "values": [1]}}), "unsigned 32-bit"),
    ("PUT", f"{C}/points", _point(vector={"words": {"indices": [1], "values": ["x"]}}), "must be numbers"),
    ("PUT", f"{C}/points", {"batch": {"ids": [1, 2], "vectors": {"dense": []}}}, "as many items as there are ids"),
    ("PUT", f"{C}/points", {"batch": {"ids": [1], "vectors": {}, "payloads": [{}, {}]}}, "1 ids but 2 payloads"),
    ("PUT", f"{C}/points", _point() | {"update_mode": "never"}, "update_mode must be one of"),
    ("PUT", f"{C}/points", _point() | {"update_filter": 1}, "filter must be an object"),
    ("POST", f"{C}/points/delete", {}, "delete needs points or a filter"),
    ("POST", f"{C}/points/delete", {"points": 1}, "delete.points must be an array"),
    ("POST", f"{C}/points/payload", {"points": [1]}, "payload must be an object"),
    ("POST", f"{C}/points/payload", {"points": [1], "payload": {}, "key": "a["}, "invalid JSON path"),
    ("POST", f"{C}/points/payload/delete", {"points": [1], "keys": ["a["]}, "invalid JSON path"),
    ("POST", f"{C}/points/payload/delete", {"points": [1], "keys": "a"}, "keys must be an array"),
    ("POST", f"{C}/points/vectors/delete", {"points": [1], "vector": ["nope"]}, "Not existing vector name"),
    ("PUT", f"{C}/points/vectors", {"points": [{"id": 1, "vector": 7}]}, "vector must be an object"),
    ("POST", f"{C}/points/batch", {"operations": [{"explode": {}}]}, "an operation must be one of"),
    ("POST", f"{C}/points/batch", {"operations": [{}]}, "exactly one field"),
    ("POST", f"{C}/points", {"ids": "x"}, "ids must be an array"),
    ("POST", f"{C}/points", {"ids": [1], "with_payload": ["a["]}, "invalid JSON path"),
    ("POST", f"{C}/points", {"ids": [1], "with_payload": {"exclude": ["a["]}}, "invalid JSON path"),
    ("POST", f"{C}/points", {"ids": [1], "with_payload": 3}, "with_payload must be an object"),
    ("POST", f"{C}/points", {"ids": [1], "with_vector": 3}, "with_vector must be true or false"),
    ("GET", f"{C}/points/abc", None, "neither an unsigned integer nor a UUID"),
    ("GET", f"{C}/points/{'9' * 5000}", None, "neither an unsigned integer nor a UUID"),
    ("POST", f"{C}/points/scroll", {"limit": 0}, "limit must be an integer of at least 1"),
    ("POST", f"{C}/points/scroll", {"limit": -1}, "limit must be an integer of at least 1"),
    ("POST", f"{C}/points/scroll", {"limit": "x"}, "limit must be an integer of at least 1"),
    ("POST", f"{C}/points/scroll", {"limit": 2**70}, "limit must be an integer of at least 1"),
    ("POST", f"{C}/points/scroll", {"offset": "x"}, "neither an unsigned integer nor a UUID"),
    ("POST", f"{C}/points/scroll", {"order_by": "text"}, "No range index for `order_by` key: `text`"),
    ("POST", f"{C}/points/scroll", {"order_by": "a["}, "invalid JSON path"),
    ("POST", f"{C}/points/scroll", {"order_by": {"key": "at", "direction": "up"}}, "direction must be one of"),
    ("POST", f"{C}/points/scroll", {"order_by": {"key": "at", "start_from": []}}, "must be a number"),
    ("POST", f"{C}/points/scroll", {"order_by": "at", "offset": 3}, "Cannot use an `offset` when using `order_by`"),
    ("POST", f"{C}/points/count", {"filter": []}, "filter must be an object"),
    ("POST", f"{C}/points/count", {"exact": "yes"}, "exact must be true or false"),
    ("POST", f"{C}/points/count", {"filter": {"musty": []}}, "has the field 'musty'"),
    ("POST", f"{C}/points/count", _filter({}), "a condition is empty"),
    ("POST", f"{C}/points/count", _filter(3), "a condition must be an object"),
    ("POST", f"{C}/points/count", _filter({"key": "a"}), "a field condition needs one of"),
    ("POST", f"{C}/points/count", _filter({"key": 1, "match": {"value": 1}}), "a condition's key must be a string"),
    ("POST", f"{C}/points/count", _filter({"key": "a[", "match": {"value": 1}}), "invalid JSON path"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "match": {}}), "match must have exactly one field"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "match": {"like": 1}}), "match must be one of"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "match": {"value": 1.5}}), "match.value must be"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "match": {"value": 2**63}}), "match.value must be"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "match": {"any": [1, "x"]}}), "only strings or only"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "range": {"gt": "yesterday"}}), "date-time"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "range": {"gt": [1]}}), "range.gt must be a number"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "range": {"over": 1}}), "has the field 'over'"),
    ("POST", f"{C}/points/count", _filter({"key": "a", "values_count": {"gt": -1}}), "values_count.gt must be"),
    ("POST", f"{C}/points/count", _filter({"has_id": ["x"]}), "neither an unsigned integer nor a UUID"),
    ("POST", f"{C}/points/count", _filter({"nested": {"key": "a"}}), "nested.filter must be an object"),
    ("POST", f"{C}/points/count", {"filter": {"min_should": {"conditions": [], "min_count": 0}}}, "min_count must be"),
    ("POST", f"{C}/points/count", {"filter": _deep(70)}, "nested more than 64 levels"),
    ("POST", f"{C}/points/query", _near(query=[0.0]), "expected dim: 8, got 1"),
    ("POST", f"{C}/points/query", _near(using=None), "Not existing vector name error"),
    ("POST", f"{C}/points/query", _near(using="words"), "must be an object"),
    ("POST", f"{C}/points/query", _near(limit=0), "limit must be an integer of at least 1"),
    ("POST", f"{C}/points/query", _near(offset=-1), "offset must be an integer of at least 0"),
    ("POST", f"{C}/points/query", _near(score_threshold="high"), "score_threshold must be a number"),
    ("POST", f"{C}/points/query", _near(params={"hnsw_ef": -1}), "params.hnsw_ef must be"),
    ("POST", f"{C}/points/query", _near(params={"magic": 1}), "has the field 'magic'"),
    ("POST", f"{C}/points/query", _near(query={"nearest": [0.0] * 8, "mmr": {"diversity": 2}}), "from 0 to 1"),
    ("POST", f"{C}/points/query", {"query": {"fusion": "rrf"}}, "cannot apply Fusion without prefetches"),
    ("POST", f"{C}/points/query", {"query": {"fusion": "sum"}, "prefetch": []}, "fusion must be one of dbsf, rrf"),
    ("POST", f"{C}/points/query", {"query": {"rrf": {"k": 0}}, "prefetch": [_near()]}, "rrf.k must be"),
    ("POST", f"{C}/points/query", {"query": {"rrf": {"weights": [1]}}, "prefetch": [_near(), _near()]}, "weights"),
    ("POST", f"{C}/points/query", {"prefetch": [_near()]}, "A query is needed to merge the prefetches"),
    ("POST", f"{C}/points/query", {"score_threshold": 1}, "A query is needed to use the score_threshold"),
    ("POST", f"{C}/points/query", {"query": {"fusion": "rrf"}, "using": "dense", "prefetch": [_near()]}, "'using'"),
    ("POST", f"{C}/points/query", {"query": {"order_by": "text"}}, "No range index"),
    ("POST", f"{C}/points/query", {"query": {"sample": "best"}}, "sample must be one of random"),
    ("POST", f"{C}/points/query", {"query": {"formula": {"sum": 1}}}, "operands must be an array"),
    ("POST", f"{C}/points/query", {"query": {"formula": {"wave": 1}}}, "has the field 'wave'"),
    ("POST", f"{C}/points/query", {"query": {"formula": "a["}, "prefetch": [_near()]}, "Invalid payload variable: a["),
    ("POST", f"{C}/points/query", {"query": {}}, "exactly one field"),
    ("POST", f"{C}/points/query/batch", {"searches": 1}, "searches must be an array"),
    ("POST", f"{C}/facet", {"key": "text"}, "No appropriate index for faceting"),
    ("POST", f"{C}/facet", {"key": "a["}, "invalid JSON path"),
    ("POST", f"{C}/facet", {}, "key must be a string"),
    ("PUT", f"{C}/index", {"field_name": "a", "field_schema": "colour"}, "type of field_schema must be one of"),
    ("PUT", f"{C}/index", {"field_name": "a["  , "field_schema": "keyword"}, "invalid JSON path"),
    ("PUT", f"{C}/index", {"field_schema": "keyword"}, "field_name must be a string"),
    ("PUT", f"{C}/index", {"field_name": "a", "field_schema": {"type": "keyword", "x": 1}}, "has the field 'x'"),
    ("PUT", "/collections/bad", {}, "at least one of vectors or sparse_vectors"),
    ("PUT", "/collections/bad", {"vectors": {"size": 0, "distance": "Dot"}}, "must be an integer of at least 1"),
    ("PUT", "/collections/bad", {"vectors": {"size": 2**17, "distance": "Dot"}}, "must be at most 65535"),
    ("PUT", "/collections/bad", {"vectors": {"size": 4, "distance": "near"}}, "must be one of Cosine"),
    ("PUT", "/collections/bad", {"vectors": {"size": 4, "distance": "Dot"}, "colour": 1}, "has the field 'colour'"),
    ("PUT", "/collections/bad", {"vectors": {"size": 4, "distance": "Dot"}, "hnsw_config": {"m": -1}}, "hnsw_config.m"),
    ("PUT", "/collections/a%3Cb", {"vectors": {"size": 4, "distance": "Dot"}}, "is no name for a collection"),
    ("PATCH", C, {"vectors": {}}, "has the field 'vectors'"),
]  # fmt: skip


@pytest.mark.ours
@pytest.mark.parametrize(("method", "path", "body", "reason"), BAD)
def test_bad_input_is_refused_with_the_reason(
    http: httpx.Client, method: str, path: str, body: Body, reason: str
) -> None:
    answer = http.request(method, path, json=body)
    assert answer.status_code == 400, answer.text
    assert reason in answer.json()["status"]["error"]
    assert answer.json()["time"] >= 0


@pytest.mark.ours
@pytest.mark.parametrize("raw", ["{", "nonsense", '{"a": NaN}', '{"a": "\\ud800"}', "[" * 5000, "\x00", '{"a": 1}}'])
def test_a_body_that_is_no_json_is_refused(http: httpx.Client, raw: str) -> None:
    answer = http.put(f"{C}/points", content=raw)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["status"]["error"]


NOT_SERVED: list[tuple[str, str, Body]] = [
    ("POST", f"{C}/points/query/groups", {"group_by": "user"}),
    ("POST", f"{C}/points/search", {"vector": [1.0], "limit": 1}),
    ("POST", f"{C}/points/recommend", {"positive": [1]}),
    ("POST", f"{C}/points/discover", {}),
    ("POST", f"{C}/points/search/matrix/pairs", {}),
    ("POST", f"{C}/snapshots", None),
    ("GET", f"{C}/cluster", None),
    ("PUT", f"{C}/vectors/extra", {}),
    ("DELETE", f"{C}/points", None),
    ("GET", "/cluster", None),
    ("GET", "/aliases", None),
    ("POST", "/collections/aliases", {"actions": []}),
    ("GET", "/metrics", None),
    ("GET", "/telemetry", None),
    ("POST", "/", None),
    ("GET", "/no/such/thing", None),
]


@pytest.mark.ours
@pytest.mark.parametrize(("method", "path", "body"), NOT_SERVED)
def test_a_route_that_is_not_here_is_named(http: httpx.Client, method: str, path: str, body: Body) -> None:
    answer = http.request(method, path, json=body)
    assert answer.status_code == 501
    assert answer.json()["status"]["error"].startswith(f"{method} {path} is not served")


FEATURES: list[tuple[str, str, Body, str]] = [
    ("POST", "/points/query", {"query": {"recommend": {"positive": [1]}}}, "recommend"),
    ("POST", "/points/query", {"query": {"context": []}}, "context"),
    ("POST", "/points/query", {"query": {"text": "heron"}}, "text"),
    ("POST", "/points/query", _near(lookup_from={"collection": "other"}), "lookup_from"),
    ("POST", "/points/query", _near(shard_key="a"), "shard_key"),
    ("POST", "/points/query", _near(query={"image": "x", "model": "clip"}), "image"),
    ("POST", "/points/scroll", {"shard_key": "a"}, "shard keys"),
    ("PUT", "/points", _point() | {"shard_key": "a"}, "shard keys"),
    ("PUT", "/points", _point(vector={"dense": [[0.5] * 8]}), "multi-vectors"),
    ("PUT", "/points", _point(vector={"words": {"text": "x", "model": "splade"}}), "only qdrant/bm25 with text"),
]


@pytest.mark.ours
@pytest.mark.parametrize(("method", "path", "body", "feature"), FEATURES)
def test_a_feature_that_is_not_here_is_named(
    http: httpx.Client, method: str, path: str, body: Body, feature: str
) -> None:
    answer = http.request(method, C + path, json=body)
    assert answer.status_code == 501, answer.text
    assert feature in answer.json()["status"]["error"]


@pytest.mark.parametrize("path", ["", "/points/count", "/points/query", "/points/scroll", "/points/delete", "/index"])
def test_an_unknown_collection_is_not_found(http: httpx.Client, path: str) -> None:
    method = "GET" if not path else "PUT" if path == "/index" else "POST"
    answer = http.request(method, f"/collections/nowhere{path}", json={"points": [1], "field_schema": "keyword"})
    assert answer.status_code == 404
    assert answer.json()["status"]["error"] == "Not found: Collection `nowhere` doesn't exist!"


def test_an_unknown_point_is_not_found(http: httpx.Client) -> None:
    assert http.get(f"{C}/points/4711").status_code == 404


@pytest.mark.ours
def test_a_web_page_is_kept_out(http: httpx.Client) -> None:
    answer = http.post(f"{C}/points/delete", json={"filter": {}}, headers={"Origin": "https://example.org"})
    assert answer.status_code == 403
    assert http.post(f"{C}/points/count", json={}).json()["result"]["count"] == 12


def test_a_body_of_32_mib_is_read_and_one_that_is_larger_ends_the_connection_without_an_answer(
    http: httpx.Client,
) -> None:
    most = 32 * 1024 * 1024
    assert http.post(f"{C}/points/count", content=b"{}".ljust(most)).status_code == 200

    def by_and_by() -> Iterator[bytes]:
        yield from (b" " * 1024 * 1024 for _ in range(33))

    for body in (b" " * (most + 1), by_and_by()):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
            http.put(f"{C}/points", content=body)


def test_bad_input_leaves_the_points_as_they_were(http: httpx.Client) -> None:
    assert http.post(f"{C}/points/count", json={}).json()["result"]["count"] == 12
