"""An owner has one id: white space around it and its Unicode form do not count, on every surface alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from scrubjay.api.app import create_app
from scrubjay.api.mem0.lenient import Lenient
from scrubjay.api.schemas.common import Body, Named
from scrubjay.errors import BadRequest
from scrubjay.library.arguments import handed, named, sought
from scrubjay.mcp import fields as tools
from scrubjay.model import OWNERS, owner_id
from scrubjay.model.filters import demanded
from scrubjay.search.filters import parse
from scrubjay.settings import Settings

JOSE, DECOMPOSED = "jos\u00e9", "jose\u0301"
UUID_TEXT = "00000000-0000-4000-8000-000000000001"
SPELLINGS = [
    ("alice", "alice"),
    ("  alice\t\n", "alice"),
    ("\u3000\u00a0alice\u2003", "alice"),
    ("al ice", "al ice"),
    ("Alice", "Alice"),
    (DECOMPOSED, JOSE),
    (f" {DECOMPOSED} ", JOSE),
    ("\u212b", "\u00c5"),
    (42, "42"),
    (-7, "-7"),
    (7.0, "7"),
    (UUID(UUID_TEXT), UUID_TEXT),
]
NO_IDS = ["", " ", "\u3000\t", True, None, 1.5, ["a"], {"a": 1}, b"a", "x" * 2000, ".", " .. ", float("inf")]


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS)
def test_every_spelling_of_an_id_is_the_same_id(spelling: Any, name: str) -> None:
    assert owner_id(spelling) == name
    assert owner_id(name) == name
    assert Named(user_id=spelling).user_id == name
    assert named({"user_id": spelling}) == {"user_id": name}


@pytest.mark.parametrize("value", NO_IDS)
def test_what_is_no_id_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"must (not be|be text|have at most 256)"):
        owner_id(value)


@pytest.mark.parametrize("blank", ["", "  ", "\u3000"])
def test_a_blank_id_is_refused_with_the_name_of_its_field(blank: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Named(agent_id=blank)
    assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [
        (("agent_id",), "Value error, must not be blank")
    ]
    for surface in (lambda: named({"agent_id": blank}), lambda: parse({"agent_id": blank})):
        with pytest.raises(BadRequest, match=r"agent_id.* must not be blank"):
            surface()


@pytest.mark.parametrize("spelling", [f" {DECOMPOSED}", 42, 7.0])
def test_filters_know_an_owner_by_every_spelling(spelling: Any) -> None:
    name = owner_id(spelling)
    for condition in ({"user_id": spelling}, {"AND": [{"user_id": {"eq": spelling}}]}, {"user_id": {"in": [spelling]}}):
        read = parse(condition)
        assert read is not None
        assert demanded(read)["user_id"] == {name}


@pytest.mark.parametrize("dots", [".", " .. "])
def test_an_id_that_no_address_can_name_is_refused_on_every_surface(dots: str) -> None:
    with pytest.raises(ValidationError, match=r"must not be \. or \.\."):
        Named(user_id=dots)
    with pytest.raises(ValidationError, match=r"must not be \. or \.\."):
        TypeAdapter[Any](tools.UserId).validate_python(dots)
    for surface in (lambda: named({"user_id": dots}), lambda: parse({"user_id": {"in": [dots]}})):
        with pytest.raises(BadRequest, match=r"user_id.* must not be \. or \.\."):
            surface()


def test_the_library_takes_numbers_and_uuids_and_trims() -> None:
    options: Any = {"metadata": None, "timestamp": None, "expiration_date": None, "infer": True, "prompt": None}
    assert handed("Hello", {"user_id": UUID(UUID_TEXT), "run_id": 7}, **options).ids == {
        "user_id": UUID_TEXT,
        "run_id": "7",
    }
    query: Any = {"filters": None, "limit": 5, "threshold": None, "show_expired": False}
    assert sought("q", {"user_id": f"{DECOMPOSED}\n"}, **query).ids == {"user_id": JOSE}


def test_the_tools_of_agents_take_the_same_ids_and_no_blank_one() -> None:
    kinds: list[Any] = [tools.UserId, tools.AgentId, tools.AppId, tools.RunId]
    for kind in kinds:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        assert [adapter.validate_python(owner_id) for owner_id in (f" {DECOMPOSED}", 42, 7.0, None)] == [
            JOSE,
            "42",
            "7",
            None,
        ]
        with pytest.raises(ValidationError, match="must not be blank"):
            adapter.validate_python(" ")


def bodies(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in kind.__subclasses__():
        yield each
        yield from bodies(each)


_EXACT = ("/memories", "DELETE")  # takes ids as they are stored where `exact` says so, and else brings them in itself


def routes(of: Sequence[Any]) -> Iterator[APIRoute]:
    """Every route; the framework keeps those of an included router behind that router."""
    for route in of:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)


def parameters(dependant: Dependant) -> Iterator[ModelField]:
    """What of a query and of an address a route takes, itself and by what it depends on."""
    yield from (*dependant.query_params, *dependant.path_params)
    for each in dependant.dependencies:
        yield from parameters(each)


def test_no_request_names_an_owner_but_by_the_one_type_of_an_id() -> None:
    app, wrong = create_app(Settings(auth="off")), []
    for body in {*bodies(Body), *bodies(Lenient)}:
        for field in set(OWNERS) & set(body.model_fields):
            adapter: TypeAdapter[Any] = TypeAdapter(body.model_fields[field].rebuild_annotation())
            if adapter.validate_python(f" {DECOMPOSED}") != JOSE:
                wrong.append(f"{body.__name__}.{field}")
    walked = list(routes(app.routes))
    assert len(walked) > 40
    for route in walked:
        for param in parameters(route.dependant):
            if param.name in {*OWNERS, "entity_id"} and (route.path, *sorted(route.methods or ())) != _EXACT:
                adapter = TypeAdapter(param.field_info.rebuild_annotation())
                if adapter.validate_python(f" {DECOMPOSED}") != JOSE:
                    wrong.append(f"{route.path} {param.name}")
    assert wrong == []
    assert [route.path for route in walked if "exact" in {param.name for param in parameters(route.dependant)}] == [
        _EXACT[0]
    ]
