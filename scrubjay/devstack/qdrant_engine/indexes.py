"""Payload indexes: from the schema of Qdrant's index route to the engine's parameters."""

from __future__ import annotations

from typing import Any

import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.bm25 import TOKENIZERS, read_stemmer, read_stopwords
from scrubjay.devstack.qdrant_engine.errors import BadInput
from scrubjay.devstack.qdrant_engine.fields import Json, as_bool, as_int, as_object, choose, only

_TYPES = {
    "keyword": engine.KeywordIndexParams,
    "integer": engine.IntegerIndexParams,
    "float": engine.FloatIndexParams,
    "geo": engine.GeoIndexParams,
    "text": engine.TextIndexParams,
    "bool": engine.BoolIndexParams,
    "datetime": engine.DatetimeIndexParams,
    "uuid": engine.UuidIndexParams,
}
_COMMON = ("on_disk", "enable_hnsw")
_FLAGS = {
    "keyword": ("is_tenant", "prefix"),
    "integer": ("lookup", "range", "is_principal"),
    "float": ("is_principal",),
    "datetime": ("is_principal",),
    "uuid": ("is_tenant",),
    "text": ("lowercase", "ascii_folding", "phrase_matching"),
}


def read_index(value: Any) -> tuple[Json, engine.PayloadSchemaParams]:
    """Read an index schema, a type or a type with parameters; return it normalized and as the engine's."""
    schema = {"type": value} if isinstance(value, str) else as_object(value, "field_schema")
    kind = choose(_TYPES, schema.get("type"), "the type of field_schema")
    name = str(schema["type"])
    allowed = (*_COMMON, *_FLAGS.get(name, ()))
    options: dict[str, Any] = {flag: as_bool(schema[flag], flag) for flag in allowed if schema.get(flag) is not None}
    if name == "text":
        options |= _text_options(schema)
        allowed += ("tokenizer", "min_token_len", "max_token_len", "stopwords", "stemmer")
    only(schema, ("type", *allowed), "field_schema")
    return schema, kind(**options)


def _text_options(schema: Json) -> dict[str, Any]:
    options: dict[str, Any] = {
        name: as_int(schema[name], name) for name in ("min_token_len", "max_token_len") if schema.get(name) is not None
    }
    if schema.get("tokenizer") is not None:
        options["tokenizer"] = choose(TOKENIZERS, schema["tokenizer"], "tokenizer")
    if schema.get("stopwords") is not None:
        options["stopwords"] = read_stopwords(schema["stopwords"])
    if schema.get("stemmer") is not None:
        options["stemmer"] = read_stemmer(schema["stemmer"])
    return options


def index_as_json(info: engine.PayloadIndexInfo, schema: Json | None) -> Json:
    """Write one payload index as `GET /collections/{name}` answers it; `schema` is what created it."""
    data_type = _type_name(info.data_type)
    answer: Json = {"data_type": data_type, "points": info.points}
    if schema is not None and len(schema) > 1:
        answer["params"] = schema
    return answer


def _type_name(data_type: engine.PayloadSchemaType) -> str:
    for name in _TYPES:
        if data_type == getattr(engine.PayloadSchemaType, name.capitalize()):
            return name
    raise BadInput("the index has an unknown type.")
