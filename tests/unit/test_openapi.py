"""The OpenAPI document says what is so, and nothing that the framework only supposes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from scrubjay.api.app import create_app
from scrubjay.api.openapi import OPEN_TO_ALL
from scrubjay.settings import Settings

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@cache
def app() -> FastAPI:
    return create_app(Settings(auth="off"))


def document() -> dict[str, Any]:
    return app().openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_refusal_in_the_document_has_the_one_shape_of_all_refusals() -> None:
    for method, path, operation in operations():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        if path in OPEN_TO_ALL:
            continue
        assert {"401", "403", "429", "503"} <= set(refusals), (method, path)
        for status, answer in refusals.items():
            assert answer["content"]["application/json"]["schema"] == PROBLEM, (method, path, status)


def test_a_route_with_a_body_says_how_it_refuses_one() -> None:
    with_body = [operation for _, _, operation in operations() if "requestBody" in operation]
    assert with_body
    for operation in with_body:
        assert {"400", "413", "415", "422"} <= set(operation["responses"])


def test_a_body_has_no_fields_but_those_in_the_document() -> None:
    schemas = document()["components"]["schemas"]
    for method, path, operation in operations():
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            schema = schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
            assert schema["additionalProperties"] is False, (method, path)


def test_what_the_framework_would_answer_by_itself_is_not_in_the_document() -> None:
    assert "ValidationError" not in json.dumps(document())


def test_every_route_but_health_names_both_ways_to_send_a_key() -> None:
    for method, path, operation in operations():
        assert bool(operation.get("security")) == (path not in OPEN_TO_ALL), (method, path)
    assert set(document()["components"]["securitySchemes"]) == {"bearer", "key"}


def test_a_wait_is_promised_with_every_refusal_that_asks_to_come_again() -> None:
    for _, path, operation in operations():
        for status in {"429", "503"} & set(operation["responses"]) if path not in OPEN_TO_ALL else ():
            assert operation["responses"][status]["headers"]["Retry-After"]["required"]


def test_a_parameter_of_an_address_is_never_null_there() -> None:
    parameters = [parameter for _, _, operation in operations() for parameter in operation.get("parameters", [])]
    assert parameters
    assert '"null"' not in json.dumps([parameter["schema"] for parameter in parameters])


def test_the_dashboard_is_no_part_of_the_document() -> None:
    assert not [path for path in document()["paths"] if path.startswith("/dashboard")]


def test_metrics_are_text() -> None:
    assert list(document()["paths"]["/metrics"]["get"]["responses"]["200"]["content"]) == ["text/plain"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/turns", {"GET", "POST"}), ("/guidance", {"GET", "PUT"}), ("/memories/x", {"GET", "PUT", "DELETE"})],
)
async def test_a_method_that_is_not_served_is_told_all_that_are(path: str, methods: set[str]) -> None:
    transport = httpx.ASGITransport(app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.request("PATCH", path, json={})
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == methods


def test_a_list_in_pages_says_that_it_refuses_what_lies_too_deep() -> None:
    in_pages = [
        operation
        for operation in operations()
        if "page" in {each["name"] for each in operation[2].get("parameters", [])}
    ]
    assert len(in_pages) > 8
    assert [(method, path) for method, path, operation in in_pages if "400" not in operation["responses"]] == []
