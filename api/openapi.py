"""The OpenAPI document: what every route may answer stands in it; what the framework adds by itself does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from scrubjay.api.schemas.turns import Problem
from scrubjay.model import OWNERS

Document = dict[str, Any]

OPEN_TO_ALL = ("/health/live", "/health/ready")  # answered without a key
PHRASES = {
    400: "Invalid request.",
    401: "Authentication failed: the API key is missing or invalid.",
    403: "The role of the API key does not allow this.",
    404: "Not found, or not accessible with this API key.",
    409: "Conflicts with the current state.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Validation failed: a field is missing, unknown or out of bounds.",
    429: "Rate limit exceeded, or too many turns are waiting.",
    501: "No language model is configured.",
    502: "A service behind the API gave an invalid answer.",
    503: "A service behind the API is temporarily unavailable.",
}
_HEADERS = {
    401: ("WWW-Authenticate", "How to authenticate.", {"type": "string"}),
    429: ("Retry-After", "Seconds to wait before the next attempt.", {"type": "integer", "minimum": 1}),
    503: ("Retry-After", "Seconds to wait before the next attempt.", {"type": "integer", "minimum": 1}),
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token of your identity provider."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same in another header."},
}
_FRAMEWORK = ("HTTPValidationError", "ValidationError")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says beside the refusals that all routes of its kind share (see `complete`)."""
    return {status: {"model": Problem, "description": PHRASES[status]} for status in statuses}


def install(app: FastAPI) -> None:
    """Let an app serve the completed document."""

    def document() -> Document:
        if app.openapi_schema is None:
            plain = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            app.openapi_schema = complete(plain)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def complete(document: Document) -> Document:
    """Add what holds for all routes of a kind, and take out what is not ours.

    A route that takes a body can refuse it (400, 413, 415, 422); one that takes parameters can refuse these (422), and
    `*` for an owner or a page that lies too deep (400); one that asks who calls can refuse them (401, 403, 429), and
    needs Redis to know (503).
    """
    for path, operation in _operations(document):
        shared = _shared(path, operation)
        answers = {status: answer for status, answer in operation["responses"].items() if not _is_framework(answer)}
        for status in sorted(shared):
            answers.setdefault(str(status), _refusal(status))
        for status, (name, description, schema) in _HEADERS.items():
            if str(status) in answers:
                header = {"description": description, "required": True, "schema": schema}
                answers[str(status)].setdefault("headers", {})[name] = header
        operation["responses"] = dict(sorted(answers.items()))
        operation["parameters"] = [_sent(parameter) for parameter in operation.get("parameters", [])]
        if path not in OPEN_TO_ALL:
            operation["security"] = [{name: []} for name in _SECURITY]
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = _SECURITY
    schemas = parts.setdefault("schemas", {})
    schemas.setdefault("Problem", Problem.model_json_schema())
    for name in _FRAMEWORK:
        schemas.pop(name, None)
    return document


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _shared(path: str, operation: Document) -> set[int]:
    """List the refusal statuses (401, 422, 429 ...) that the OpenAPI document adds to each operation of this kind."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    statuses = set() if path in OPEN_TO_ALL else {401, 403, 429, 503}
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if parameters:
        statuses |= {422}
    if parameters & {*OWNERS, "page"}:
        statuses |= {400}
    return statuses


def _refusal(status: int) -> Document:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": PHRASES[status], "content": {"application/json": {"schema": schema}}}


def _is_framework(answer: Document) -> bool:
    reference = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return str(reference).rsplit("/", 1)[-1] in _FRAMEWORK


def _sent(parameter: Document) -> Document:
    """Rewrite a query, path or header parameter of the OpenAPI document so that its schema fits what HTTP can carry.

    There is no null outside JSON, and a time there is text.
    """
    return {**parameter, "schema": _of_text(parameter["schema"])}


def _of_text(schema: Mapping[str, Any]) -> Document:
    """Simplify the schema of a parameter of the OpenAPI document: no null in `anyOf`, a time only as date-time."""
    kept = {name: value for name, value in schema.items() if name != "anyOf"}
    choices = [dict(choice) for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if any(choice.get("format") == "date-time" for choice in choices):
        choices = [choice for choice in choices if choice.get("format") == "date-time"]
    choices = [_of_text(choice) for choice in choices]
    return {**choices[0], **kept} if len(choices) == 1 else {**kept, "anyOf": choices} if choices else kept
