"""JSON schemas that callers hand in: checked against a budget, and documents against them within another.

A schema of a kilobyte can describe a tree of millions of parts, or one that never ends, and a document can be checked
against it for hours. So a schema is written out, as far as counting goes, before it is taken; the steps of checking a
document are counted as well; and both happen in a thread, with a deadline.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic_core import from_json

from memory.errors import BadRequest

T = TypeVar("T")

LARGEST_SCHEMA = 20_000  # characters as JSON
MOST_PARTS = 10_000  # objects and values, each $ref written out
DEEPEST = 50  # levels, each $ref written out
MOST_STEPS = 100_000  # keywords that are looked at for one document, and what they go through; a second or two
LARGEST_DOCUMENT = 200_000  # characters
_CHARACTERS_A_STEP = 100  # of what an error repeats of the document
_DEADLINE_SECONDS = 10
_PATTERNS = ("pattern", "patternProperties")  # an expression of somebody else's may run for ever
_MOVING = ("$dynamicRef", "$recursiveRef")  # where they lead depends on the document

# One thread: whoever has many schemas checked waits for himself. It ends, as all that runs in it is counted.
_CHECKS = ThreadPoolExecutor(1, thread_name_prefix="turnstone-schemas")


async def checked_schema(source: Any) -> Mapping[str, Any]:
    """A JSON schema of an object. Raises BadRequest with what would be right.

    Args:
        source: the schema as an object, or as JSON text.
    """
    return await _in_time(partial(_checked, source))


async def check_document(schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Check a document against a schema that was taken before.

    Raises ValueError where it does not meet it, and BadRequest where the schema asks for too many steps.
    """
    await _in_time(partial(_check, schema, document))


async def _in_time(work: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_CHECKS, work)
    except TimeoutError:
        raise BadRequest(f"schema: it could not be checked within {_DEADLINE_SECONDS} s; give a simpler one") from None


def _checked(source: Any) -> Mapping[str, Any]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema = source
    if isinstance(source, str):
        try:
            schema = from_json(source, allow_inf_nan=False)
        except ValueError as error:
            raise BadRequest(f"schema: it is not valid JSON: {error}") from None
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise BadRequest('schema: give the JSON schema of an object, such as {"type": "object", "properties": …}')
    if len(json.dumps(schema)) > LARGEST_SCHEMA:
        raise BadRequest(f"schema: it must not be larger than {LARGEST_SCHEMA} characters as JSON")
    _Written(schema).measure()
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadRequest(f"schema: it is no valid JSON schema at {error.json_path}") from None
    return schema


class _Written:
    """A schema as it is with each $ref written out: how many parts it has, and how deep it goes.

    Each place that a $ref leads to is measured once, so that measuring takes no longer than reading.

    Args:
        schema: the whole.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._sizes: dict[str, tuple[int, int]] = {}  # parts and levels of what each $ref leads to
        self._open: set[str] = set()

    def measure(self) -> None:
        """Raises BadRequest for what is not taken, what leads back to itself, what is too large or too deep."""
        parts, _ = self._size(self._schema, 0)
        if parts > MOST_PARTS:
            raise BadRequest(f"schema: with each $ref written out it must not have more than {MOST_PARTS} parts")

    def _size(self, part: Any, depth: int) -> tuple[int, int]:
        """How many parts there are in a part, and how many levels below it."""
        if depth > DEEPEST:
            raise BadRequest(f"schema: with each $ref written out it must not be deeper than {DEEPEST} levels")
        if isinstance(part, dict):
            for name, value in part.items():
                _refuse(name, value, depth)
            within = [self._size(value, depth + 1) for value in part.values()]
            if isinstance(part.get("$ref"), str):
                within.append(self._referred(part["$ref"], depth + 1))
        elif isinstance(part, list):
            within = [self._size(value, depth + 1) for value in part]
        else:
            return 1, 0
        return 1 + sum(parts for parts, _ in within), 1 + max((levels for _, levels in within), default=0)

    def _referred(self, reference: str, depth: int) -> tuple[int, int]:
        if reference in self._open or reference == "#":
            raise BadRequest("schema: a $ref in it leads back to itself; write out as many levels as are wanted")
        if reference not in self._sizes:
            self._open.add(reference)
            self._sizes[reference] = self._size(self._target(reference), depth)
            self._open.remove(reference)
        parts, levels = self._sizes[reference]
        if depth + levels > DEEPEST:
            raise BadRequest(f"schema: with each $ref written out it must not be deeper than {DEEPEST} levels")
        return parts, levels

    def _target(self, reference: str) -> Any:
        target: Any = self._schema
        if not reference.startswith("#/"):
            raise BadRequest("schema: a $ref in it leads out of it; put what it means into $defs, as #/$defs/name")
        for step in unquote(reference).removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(name)] if isinstance(target, list) else target[name]
            except (KeyError, IndexError, TypeError, ValueError):
                raise BadRequest("schema: a $ref in it leads nowhere; put what it means into $defs") from None
        return target


def _refuse(name: str, value: Any, depth: int) -> None:
    """Raises BadRequest for a keyword that is not taken; a property of that name is an object, and no keyword."""
    if name in _PATTERNS and (isinstance(value, str) or name == "patternProperties"):
        raise BadRequest(
            "schema: pattern and patternProperties are not taken; say in a description what a text is like"
        )
    if isinstance(value, str) and (name in _MOVING or (name == "$id" and depth > 0)):
        raise BadRequest(f"schema: {name} is not taken; refer to #/$defs/name with $ref")


def _check(schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    from jsonschema.exceptions import ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    checker = _counting()(schema, registry=Registry())  # of its own: it fetches nothing
    try:
        error: ValidationError | None = next(checker.iter_errors(document), None)
    except Unresolvable:
        raise BadRequest("schema: a $ref in it leads nowhere; put what it means into $defs") from None
    if error is not None:
        raise ValueError(f"the document does not meet its schema at {error.json_path} ({error.validator})")


def _counting() -> Any:
    """A validator whose keywords count what they go through. Made anew for each document, as the count is."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    left = MOST_STEPS

    def counted(check: Callable[..., Any]) -> Callable[..., Any]:
        def step(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            spend(1 + _length(value) + _length(instance))
            for error in check(validator, value, instance, schema) or ():
                spend(len(error.message) // _CHARACTERS_A_STEP)
                error.message = ""  # it repeats the instance, however large, and is told to nobody
                yield error

        return step

    def spend(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise BadRequest(f"schema: to check the document takes more than {MOST_STEPS} steps; give a simpler one")

    keywords = {**Draft202012Validator.VALIDATORS, "uniqueItems": _unique}
    return extend(Draft202012Validator, {name: counted(check) for name, check in keywords.items()})


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (dict, list)) else 0


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The library compares each object with each other one; as texts they are compared in one go."""
    from jsonschema.exceptions import ValidationError

    if wanted and validator.is_type(instance, "array"):
        texts = {json.dumps(item, sort_keys=True) for item in instance}
        if len(texts) < len(instance):
            yield ValidationError("the items are not unique")
