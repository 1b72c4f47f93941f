"""`*` is no owner: every route of the API that takes an id of one refuses it, by name."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from scrubjay.api.app import create_app
from scrubjay.model import OWNERS
from scrubjay.settings import Settings

app = create_app(Settings(auth="off"))
app.state.parts = SimpleNamespace()  # nothing of it may be touched
ALL_ROUTES: dict[str, Any] = app.openapi()


def places() -> Iterator[tuple[str, str, str, str]]:
    """Method, path, whether in the query or the body, and field, of everything that takes an owner's id."""
    for path, methods in ALL_ROUTES["paths"].items():
        for method, route in methods.items():
            parameters = [(parameter["in"], parameter["name"]) for parameter in route.get("parameters", ())]
            parameters += [("body", name) for name in properties(route.get("requestBody", {}))]
            yield from ((method, path, where, name) for where, name in parameters if name in OWNERS)


def properties(body: dict[str, Any]) -> list[str]:
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = ALL_ROUTES["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


PLACES = list(places())


def test_the_table_of_routes_that_take_an_id_is_not_empty() -> None:
    routes = {f"{method} {path}" for method, path, _, _ in PLACES}
    assert routes >= {"post /turns", "post /search", "get /memories", "delete /memories", "get /turns", "post /chat"}


@pytest.mark.parametrize(("method", "path", "where", "field"), PLACES)
async def test_a_star_is_not_taken_for_an_id(method: str, path: str, where: str, field: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        for star in ("*", " *\t"):
            sent = {"json": {field: star}} if where == "body" else {"params": {field: star}}
            answer = await http.request(method, path, **sent)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]) == (400, "bad_request"), answer.text
            assert answer.json()["detail"].startswith(f"{field}: must be the id of one owner")
