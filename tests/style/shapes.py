"""Shapes: routes are typed, use cases take few parameters, classes are put together and not derived from each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MOST_PARAMETERS = 5
USE_CASES = ("access", "edit", "erase", "ingest", "search", "webhooks")
# What a class may derive from, by whichever way: values and models, contracts, errors, enumerations.
_OPEN_ROOTS = frozenset({"BaseModel", "BaseSettings", "Protocol", "NamedTuple", "TypedDict", "Exception", "Enum"})
_ROOT_ENDINGS = ("Error", "Enum", "Exception")
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route"})
_UNTYPED = re.compile(r"\b(Any|dict|Dict|Mapping|object)\b")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Place(NamedTuple):
    """What breaks a rule, and where.

    Args:
        line: of the file.
        what: as a person reads it.
    """

    line: int
    what: str


def untyped_routes(tree: ast.AST) -> list[Place]:
    """The routes whose answer is not a model: no annotation, or one with `Any` or a bare mapping in it."""
    return [
        Place(node.lineno, f"{node.name} returns {ast.unparse(node.returns) if node.returns else 'what nobody says'}")
        for node in ast.walk(tree)
        if isinstance(node, _FUNCTIONS)
        and any(_is_route(decorator) for decorator in node.decorator_list)
        and (node.returns is None or _UNTYPED.search(ast.unparse(node.returns)))
    ]


def _is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in _METHODS
        and bool(decorator.args)
    )


def wide_functions(tree: ast.Module) -> list[Place]:
    """The public functions and methods of a file that take more than five parameters; `self` is none."""
    return [
        Place(node.lineno, f"{node.name} takes {count} parameters")
        for node in _public_functions(tree)
        if (count := len(_parameters(node))) > MOST_PARAMETERS
    ]


def _public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        for member in members:
            if isinstance(member, _FUNCTIONS) and not member.name.startswith("_"):
                yield member


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls")]


def derived_classes(modules: Mapping[str, ast.Module]) -> dict[str, list[Place]]:
    """By file, the classes that derive from another class of ours which is no value, contract, error or enumeration.

    Args:
        modules: the syntax tree of each file of ours, by its path.
    """
    bases: dict[str, set[str]] = {}
    for tree in modules.values():
        for node in _classes(tree):
            bases.setdefault(node.name, set()).update(_base_names(node))

    def is_open(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name in _OPEN_ROOTS or name.endswith(_ROOT_ENDINGS):
            return True
        if name in seen:
            return False
        return any(is_open(base, seen | {name}) for base in bases.get(name, ()))

    breaches = {
        path: [
            Place(node.lineno, f"{node.name} derives from {base}")
            for node in _classes(tree)
            for base in _base_names(node)
            if base in bases and base != node.name and not is_open(base)
        ]
        for path, tree in modules.items()
    }
    return {path: places for path, places in breaches.items() if places}


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _base_names(node: ast.ClassDef) -> list[str]:
    """The names of the bases, without the package and without type arguments."""
    plain = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return [ast.unparse(base).rpartition(".")[2] for base in plain]
