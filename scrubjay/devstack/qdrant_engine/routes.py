"""The REST routes of collections and points."""

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from scrubjay.devstack.qdrant_engine import pages, queries, updates
from scrubjay.devstack.qdrant_engine.errors import NotFound, engine_errors
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    as_list,
    as_object,
    as_point_id,
    as_point_ids,
    as_string,
    only,
)
from scrubjay.devstack.qdrant_engine.http import Call, Endpoint, dropping, reading, writing
from scrubjay.devstack.qdrant_engine.indexes import read_index
from scrubjay.devstack.qdrant_engine.reply import record_as_json, scored_as_json, title
from scrubjay.devstack.qdrant_engine.schema import read_definition


def list_collections(call: Call) -> Json:
    """Name every collection."""
    return {"collections": [{"name": name} for name in call.store.names()]}


def describe_collection(call: Call) -> Json:
    """Describe one collection."""
    return call.collection.info()


def has_collection(call: Call) -> Json:
    """Tell whether a collection exists."""
    return {"exists": call.store.has(call.path["collection"])}


def create_collection(call: Call) -> bool:
    """Create a collection."""
    call.store.require_new(call.path["collection"])
    with engine_errors:
        definition = read_definition(call.body)
    call.store.create(call.path["collection"], definition)
    return True


def change_collection(call: Call) -> bool:
    """Keep new settings of a collection."""
    allowed = ("optimizers_config", "hnsw_config", "metadata")
    call.collection.change(only(as_object(call.body, "the body"), allowed, "a change of a collection"))
    return True


def drop_collection(call: Call) -> bool:
    """Remove a collection with its points."""
    return call.store.drop(call.path["collection"])


def create_index(call: Call) -> Json:
    """Index a payload field."""
    body = only(as_object(call.body, "the body"), ("field_name", "field_schema"), "an index")
    with engine_errors:
        schema, params = read_index(body.get("field_schema"))
    return _done(call, call.collection.create_index(as_string(body.get("field_name"), "field_name"), schema, params))


def delete_index(call: Call) -> Json:
    """Drop the index of a payload field."""
    return _done(call, call.collection.delete_index(call.path["field"]))


def _done(call: Call, operation: int) -> Json:
    status = "acknowledged" if call.query.get("wait") == "false" else "completed"
    return {"operation_id": operation, "status": status}


def _update(read: updates.Read) -> Endpoint:
    """Make the endpoint of a Qdrant REST route that changes points: read the operation, apply it to the collection."""

    def run(call: Call) -> Json:
        collection = call.collection
        with engine_errors:
            operation = read(call.body, collection.shape)
        return _done(call, collection.apply([operation], updates.weight(call.body)))

    return writing(run)


def update_batch(call: Call) -> list[Json]:
    """Make several changes in their order, after all of them have been checked."""
    collection = call.collection
    with engine_errors:
        operations = updates.read_batch(call.body, collection.shape)
    return [_done(call, collection.apply([operation], 1)) for operation in operations]


def retrieve_points(call: Call) -> list[Json]:
    """Return points by id, in the order in which they were asked for."""
    body = only(as_object(call.body, "the body"), ("ids", "with_payload", "with_vector", "shard_key"), "a retrieval")
    ids = as_point_ids(body.get("ids"), "ids")
    collection = call.collection
    with engine_errors:
        payload = pages.read_with_payload(body.get("with_payload"), otherwise=True)
        records = collection.shard.retrieve(ids, payload, pages.read_with_vector(body.get("with_vector")))
    return [record_as_json(record) for record in records]


def retrieve_point(call: Call) -> Json:
    """Return one point, with payload and vectors."""
    text = call.path["id"]
    is_number = text.isascii() and text.isdecimal() and len(text) <= MAX_ID_DIGITS
    point_id = as_point_id(int(text) if is_number else text)
    collection = call.collection
    with engine_errors:
        records = collection.shard.retrieve([point_id], True, True)
    if not records:
        raise NotFound(f"Not found: Point with id {text} does not exists!")
    return record_as_json(records[0])


def scroll_points(call: Call) -> Json:
    """Return a page of points and the id at which the next page starts."""
    collection = call.collection
    with engine_errors:
        records, following = collection.shard.scroll(pages.read_scroll(call.body))
    return {"points": [record_as_json(record) for record in records], "next_page_offset": following}


def count_points(call: Call) -> Json:
    """Count the points that match a filter."""
    collection = call.collection
    with engine_errors:
        return {"count": collection.shard.count(pages.read_count(call.body))}


def query_points(call: Call) -> Json:
    """Find points by one query."""
    return _query(call, call.body)


def query_points_batch(call: Call) -> list[Json]:
    """Find points by several queries."""
    body = only(as_object(call.body, "the body"), ("searches",), "a batch of queries")
    return [_query(call, search) for search in as_list(body.get("searches"), "searches")]


def _query(call: Call, body: Any) -> Json:
    """Answer one query of Qdrant's `/points/query` routes with the engine: the points with their scores, as JSON."""
    collection = call.collection
    with engine_errors:
        request = queries.QueryReader(collection.shape, collection.vector).read(body)
        points = collection.shard.query(request)
    # Asked for diversity the engine returns the vectors that it compared, wanted or not.
    with_vector = bool(body.get("with_vector"))
    return {"points": [scored_as_json(point, with_vector=with_vector) for point in points]}


def facet(call: Call) -> Json:
    """Count points by the values of a payload key."""
    collection = call.collection
    with engine_errors:
        hits = collection.shard.facet(pages.read_facet(call.body))
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}


async def health(_: Request) -> Response:
    """Say that the server serves; it does not listen before its data is open."""
    return PlainTextResponse("all shards are ready")


MAX_ID_DIGITS = 20
_C = "/collections/{collection}"
_P = _C + "/points"
ROUTES = [
    Route("/", title),
    *(Route(path, health) for path in ("/healthz", "/readyz", "/livez")),
    Route("/collections", reading(list_collections), methods=["GET"]),
    Route(_C, reading(describe_collection), methods=["GET"]),
    Route(_C, reading(create_collection), methods=["PUT"]),
    Route(_C, dropping(drop_collection), methods=["DELETE"]),
    Route(_C, writing(change_collection), methods=["PATCH"]),
    Route(_C + "/exists", reading(has_collection), methods=["GET"]),
    Route(_C + "/index", writing(create_index), methods=["PUT"]),
    Route(_C + "/index/{field}", writing(delete_index), methods=["DELETE"]),
    Route(_C + "/facet", reading(facet), methods=["POST"]),
    Route(_P, _update(updates.read_upsert), methods=["PUT"]),
    Route(_P, reading(retrieve_points), methods=["POST"]),
    Route(_P + "/delete", _update(updates.read_delete), methods=["POST"]),
    Route(_P + "/payload", _update(updates.read_set_payload), methods=["POST"]),
    Route(_P + "/payload", _update(updates.read_overwrite_payload), methods=["PUT"]),
    Route(_P + "/payload/delete", _update(updates.read_delete_payload), methods=["POST"]),
    Route(_P + "/payload/clear", _update(updates.read_clear_payload), methods=["POST"]),
    Route(_P + "/vectors", _update(updates.read_update_vectors), methods=["PUT"]),
    Route(_P + "/vectors/delete", _update(updates.read_delete_vectors), methods=["POST"]),
    Route(_P + "/batch", writing(update_batch), methods=["POST"]),
    Route(_P + "/scroll", reading(scroll_points), methods=["POST"]),
    Route(_P + "/count", reading(count_points), methods=["POST"]),
    Route(_P + "/query", reading(query_points), methods=["POST"]),
    Route(_P + "/query/batch", reading(query_points_batch), methods=["POST"]),
    Route(_P + "/{id}", reading(retrieve_point), methods=["GET"]),
]
