"""Server-side inference: a `Document` with the model qdrant/bm25 becomes a sparse vector, as on a Qdrant server."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
import qdrant_edge as engine

from scrubjay.devstack.qdrant_engine.errors import BadInput, NotServed, engine_errors
from scrubjay.devstack.qdrant_engine.fields import (
    Json,
    as_bool,
    as_int,
    as_number,
    as_object,
    as_string,
    as_strings,
    choose,
    only,
)

MODEL = "qdrant/bm25"
TOKENIZERS = {name.lower(): getattr(engine.TokenizerType, name)
               for name in ("Prefix", "Whitespace", "Word", "Multilingual", "Code")}  # fmt: skip


def _members(kind: type[Any]) -> dict[str, Any]:
    return {name.lower(): getattr(kind, name) for name in dir(kind) if name[0].isupper()}


_LANGUAGES = _members(engine.Language)
_SNOWBALL = _members(engine.SnowballLanguage)
_OPTIONS = (
    "k", "b", "avg_len", "tokenizer", "language", "lowercase", "ascii_folding", "stopwords", "stemmer",
    "min_token_len", "max_token_len",
)  # fmt: skip


def is_document(value: Any) -> bool:
    """Tell whether a JSON value asks for inference from text."""
    return isinstance(value, dict) and "model" in value


def require_model(value: Json) -> None:
    """Raise `NotServed` for anything but text to embed with the one model that is here."""
    model = as_string(value["model"], "a document's model")
    if model.lower() != MODEL or "text" not in value:
        kind = next((kind for kind in ("text", "image", "object") if kind in value), "nothing")
        raise NotServed(f"{kind} for the model {model!r} is not served here; only qdrant/bm25 with text is.")


def embed(value: Json, *, as_query: bool) -> engine.SparseVector:
    """Turn a `Document` into a sparse vector.

    A document weighs its terms by frequency and length; a query gives each distinct term the weight 1.
    Raises `BadInput` for unusable options.
    """
    only(value, ("text", "model", "options"), "a document")
    text = as_string(value.get("text"), "a document's text")
    options = value.get("options") or {}
    bm25 = _model(orjson.dumps(as_object(options, "a document's options"), option=orjson.OPT_SORT_KEYS))
    return bm25.embed_query(text) if as_query else bm25.embed_document(text)


@lru_cache(maxsize=32)
def _model(options: bytes) -> engine.Bm25:
    """Build the Qdrant engine's BM25 embedder from the JSON options of a `Document`; the latest ones are cached."""
    body = only(orjson.loads(options), _OPTIONS, "the bm25 options")
    fields = {name: value for name, value in body.items() if value is not None}
    with engine_errors:
        return engine.Bm25(engine.Bm25Config(**{name: _option(name, value) for name, value in fields.items()}))


def _option(name: str, value: Any) -> Any:
    """Read one option of Qdrant's bm25 inference, such as k, tokenizer or stemmer, from JSON for the engine."""
    if name in ("k", "b", "avg_len"):
        return as_number(value, name)
    if name in ("lowercase", "ascii_folding"):
        return as_bool(value, name)
    if name in ("min_token_len", "max_token_len"):
        return as_int(value, name)
    if name == "tokenizer":
        return choose(TOKENIZERS, value, name)
    if name == "stopwords":
        return read_stopwords(value)
    return read_stemmer(value) if name == "stemmer" else as_string(value, name)


def read_stopwords(value: Any) -> engine.Stopwords:
    """Read stop words: the name of a language, or sets of languages and of words."""
    if isinstance(value, str):
        language: engine.Language = choose(_LANGUAGES, value.lower(), "stopwords")
        return language
    body = only(as_object(value, "stopwords"), ("languages", "custom"), "stopwords")
    languages = as_strings(body.get("languages") or [], "stopwords.languages")
    return engine.StopwordsSet(
        {choose(_LANGUAGES, name.lower(), "stopwords.languages") for name in languages},
        set(as_strings(body.get("custom") or [], "stopwords.custom")),
    )


def read_stemmer(value: Any) -> engine.StemmingAlgorithm:
    """Read a stemmer: `{"type": "snowball", "language": …}`, or `{"type": "none"}` for no stemming."""
    body = only(as_object(value, "stemmer"), ("type", "language"), "stemmer")
    if body.get("type") == "none":
        return engine.DisabledStemmer()
    if body.get("type") != "snowball":
        raise BadInput("stemmer.type must be snowball or none.")
    return engine.SnowballParams(choose(_SNOWBALL, str(body.get("language")).lower(), "stemmer.language"))
