"""The pages for readers: links lead somewhere; commands, routes, settings and metrics that they name exist."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from scrubjay.api.app import create_app
from scrubjay.cli import mcp_server
from scrubjay.cli.app import app
from scrubjay.settings import Settings
from tests.docs import configuration
from tests.docs.pages import CURRENT, PAGES, ROOT, anchors, blocks, commands, links, requests

PLACEHOLDER = re.compile(r"\{[^}]+\}")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
current_page = pytest.mark.parametrize("page", CURRENT, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def paths() -> dict[str, dict[str, Any]]:
    """The operations of the API by path, with one name for all parameters; of Mem0's routes only the methods."""
    api = create_app(Settings(auth="off"))
    operations: dict[str, dict[str, Any]] = {}
    for route in _routes(api.routes):
        operations.setdefault(PLACEHOLDER.sub("{}", route.path), {}).update(
            {method.lower(): {} for method in route.methods}
        )
    for path, described in api.openapi()["paths"].items():
        operations.setdefault(PLACEHOLDER.sub("{}", path), {}).update(described)
    return operations


def _routes(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)
        elif getattr(route, "methods", None):
            yield route


@every_page
def test_every_link_leads_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for link in links(page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text("utf-8")), link


@current_page
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for _, *words in commands(page.read_text("utf-8"), "make"):
        assert {word for word in words if re.fullmatch(r"[a-z-]+", word)} <= targets, words


@current_page
def test_every_scrubjay_command_and_its_options_exist(page: Path) -> None:
    for _, *words in commands(page.read_text("utf-8"), "scrubjay"):
        if words and words[0].isupper():
            continue
        if words[:1] == ["mcp"]:
            command: Any = typer.main.get_command(mcp_server.app)
            words = words[1:]
        else:
            command = typer.main.get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        assert not hasattr(command, "commands") or not words or words[0].startswith(("-", "…")), words
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert used - {"--help"} <= known, words


@current_page
def test_every_request_that_is_named_is_served(page: Path) -> None:
    for request in requests(page.read_text("utf-8")):
        operations = paths().get(PLACEHOLDER.sub("{}", request.path).rstrip(".,"))
        assert operations is not None, request
        operation = operations.get(request.method.lower())
        assert operation is not None, request
        assert set(request.query) <= {parameter["name"] for parameter in operation.get("parameters", [])}, request


@current_page
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    known = configuration.names()
    assert set(re.findall(r"SCRUBJAY_[A-Z_]+[A-Z]", page.read_text("utf-8"))) - known == set()


@current_page
def test_every_metric_that_is_named_is_one(page: Path) -> None:
    source = (ROOT / "api" / "routes" / "metrics.py").read_text("utf-8")
    named = set(re.findall(r"`(scrubjay_[a-z_]+)", page.read_text("utf-8"))) - {"scrubjay_session"}
    assert {name for name in named if f'"{name.removesuffix("_total")}' not in source} == set()


@current_page
def test_every_block_of_python_compiles_and_takes_names_from_us_that_exist(page: Path) -> None:
    for code in blocks(page.read_text("utf-8"), "python", "py"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "scrubjay":
                module = importlib.import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@current_page
def test_every_block_of_json_is_json(page: Path) -> None:
    for code in blocks(page.read_text("utf-8"), "json"):
        json.loads(code)


def test_the_page_of_settings_is_what_make_docs_writes() -> None:
    assert configuration.PAGE.read_text("utf-8") == configuration.page()
