"""Names: variables are named for what they hold, and retired words name nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

VAGUE = frozenset({"found", "told", "said", "given", "asked", "one", "held", "named"})
# docs/decisions/name-and-rooms.md has what stands in their place.
_RETIRED = re.compile(
    r"bells?|books?|hush|seize|unquote|untell|untold|notary|keeper|mourn|doors?|doorbell|fence|letters?|heap|days?|words?"
    r"|spend|house|storm"
)
# A term of the field: the dead letter of SQS and RabbitMQ.
TERMS = re.compile(r"dead_?letters?|DEAD_LETTERS?|DeadLetters?", re.ASCII)
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Identifier(NamedTuple):
    """A name where it is given.

    Args:
        name: as it stands.
        line: where.
        is_value: a variable, a parameter or an attribute, not a function or a class.
    """

    name: str
    line: int
    is_value: bool


def identifiers(tree: ast.AST) -> Iterator[Identifier]:
    """Every name that a file gives: of variables, parameters, attributes, functions, classes and imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield Identifier(name, node.lineno, is_value=True)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield Identifier(name, node.lineno, is_value=True)
            case ast.alias(asname=str(name)):
                yield Identifier(name, node.lineno, is_value=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Identifier(node.name, node.lineno, is_value=False)


def vague(tree: ast.AST) -> list[Identifier]:
    """The variables, parameters and attributes with a name that tells nothing of what they hold."""
    return [identifier for identifier in identifiers(tree) if identifier.is_value and identifier.name in VAGUE]


def retired(tree: ast.AST) -> list[Identifier]:
    """The names with a retired word as a part."""
    return [identifier for identifier in identifiers(tree) if has_retired_word(identifier.name)]


def has_retired_word(name: str) -> bool:
    """Whether a part of an identifier or of a module's name is a retired word."""
    return any(_RETIRED.fullmatch(part.lower()) for part in _PART.findall(TERMS.sub("", name)))
