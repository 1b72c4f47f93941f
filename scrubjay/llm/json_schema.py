"""JSON schemas that callers hand in: checked against a budget, and documents against them within another.

A schema of a kilobyte can describe a tree of millions of parts, or one that never ends, and a document can be checked
against it for hours. So a schema is written out, as far as counting goes, before it is taken; the steps of checking a
document are counted as well; and both happen in a thread, with a deadline.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic_core import from_json

from scrubjay.errors import BadRequest, Transient

T = TypeVar("T")

LARGEST_SCHEMA = 20_000  # characters as JSON
MOST_PARTS = 10_000  # objects and values, each $ref written out
DEEPEST = 50  # levels, each $ref written out
MOST_STEPS = 100_000  # keywords that are looked at for one document, and what they go through; a second or two
LARGEST_DOCUMENT = 200_000  # characters
_CHARACTERS_A_STEP = 100  # of what an error repeats of the document
_DEADLINE_SECONDS = 10
_LONGEST_REPEATED = 100  # characters of a caller's own in a sentence
_PATTERNS = ("pattern", "patternProperties")  # an expression of somebody else's may run for ever
_MOVING = ("$dynamicRef", "$recursiveRef")  # where they lead depends on the document
# The library takes the square of a list's length for these.
_UNEVALUATED = {"unevaluatedItems": "items", "unevaluatedProperties": "additionalProperties"}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OF_NAMES = ("properties", "$defs", "definitions", "dependentSchemas")  # objects in which a key is no keyword
_OF_VALUES = ("enum", "const", "examples", "default")  # whatever is in them is no schema, unless a $ref leads there
_DEEP = ("const", "enum", "uniqueItems")  # they go through all levels of a value
_ABOUT_THE_WHOLE = ("$schema", "$id")  # the library would look them up; every $ref is resolved without
# What the library may raise on a value that it cannot calculate with.
_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

# One thread: whoever has many schemas checked waits for himself. It ends, as all that runs in it is counted.
_CHECKS = ThreadPoolExecutor(1, thread_name_prefix="scrubjay-schemas")


async def checked_schema(source: Any) -> Mapping[str, Any]:
    """A JSON schema of an object. Raises BadRequest with what would be right; Transient where others keep the thread.

    Args:
        source: the schema as an object, or as JSON text.
    """
    return await _in_time(partial(_checked, source))


async def check_document(schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Check a document against a schema that was taken before.

    Raises ValueError where it does not meet it, BadRequest where the schema asks for too many steps, and Transient
    where others' checks take too long.
    """
    await _in_time(partial(_check, schema, document))


async def _in_time(work: Callable[[], T]) -> T:
    """Run a check of a JSON schema in the thread for it, with a deadline. Raises Transient or BadRequest."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def run() -> T:
        loop.call_soon_threadsafe(begun.set)
        return work()

    check = _CHECKS.submit(run)
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            await begun.wait()
    except TimeoutError:
        raise Transient(
            "Other schemas are being checked; try again later", retry_after_seconds=_DEADLINE_SECONDS
        ) from None
    finally:
        if not begun.is_set():
            check.cancel()
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await asyncio.wrap_future(check)
    except TimeoutError:
        raise BadRequest(f"schema: it could not be checked within {_DEADLINE_SECONDS} s; give a simpler one") from None


def _checked(source: Any) -> Mapping[str, Any]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema = source
    if isinstance(source, str):
        try:
            schema = from_json(source, allow_inf_nan=False)
        except (TypeError, ValueError) as error:  # of a lone surrogate it says that it is no text
            raise BadRequest(f"schema: it is not valid JSON: {error}") from None
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise BadRequest('schema: give the JSON schema of an object, such as {"type": "object", "properties": …}')
    if len(json.dumps(schema)) > LARGEST_SCHEMA:
        raise BadRequest(f"schema: it must not be larger than {LARGEST_SCHEMA} characters as JSON")
    targets = _Written(schema).measure()
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadRequest(f"schema: it is no valid JSON schema at {error.json_path}") from None
    for reference, target in targets.items():
        try:
            Draft202012Validator.check_schema(target)
        except SchemaError:
            raise _no_schema(reference) from None
    return schema


def _no_schema(reference: str) -> BadRequest:
    return BadRequest(f"schema: the $ref {reference[:_LONGEST_REPEATED]} leads to what is no schema")


class _Written:
    """A schema as it is with each $ref written out: how many parts it has, and how deep it goes.

    Each place that a $ref leads to is measured once, so that measuring takes no longer than reading.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take the whole JSON schema that a caller handed in; none of its $refs is measured yet."""
        self._schema = schema
        self._sizes: dict[str, tuple[int, int]] = {}  # parts and levels of what each $ref leads to
        self._open: set[str] = set()
        self._targets: dict[str, Any] = {}

    def measure(self) -> Mapping[str, Any]:
        """What each $ref leads to; together they have no more parts than the whole.

        Raises BadRequest for what is not taken, what leads back to itself, what is too large or too deep.
        """
        parts, _ = self._size(self._schema, 0)
        if parts > MOST_PARTS:
            raise BadRequest(f"schema: with each $ref written out it must not have more than {MOST_PARTS} parts")
        return self._targets

    def _size(self, part: Any, depth: int) -> tuple[int, int]:
        """How many parts there are in a schema, or in a list of schemas, and how many levels below it."""
        _refuse_depth(depth)
        if isinstance(part, list):
            return _whole([self._size(value, depth + 1) for value in part])
        if not isinstance(part, dict):
            return 1, 0
        for name, value in part.items():
            _refuse(name, value, depth)
        within = [self._size_of(name, value, depth + 1) for name, value in part.items()]
        if isinstance(part.get("$ref"), str):
            within.append(self._referred(part["$ref"], depth + 1))
        return _whole(within)

    def _size_of(self, keyword: str, value: Any, depth: int) -> tuple[int, int]:
        if keyword in _OF_VALUES:
            return _size_of_value(value, depth)
        if keyword in _OF_NAMES and isinstance(value, dict):
            return _whole([self._size(part, depth + 1) for part in value.values()])
        return self._size(value, depth)

    def _referred(self, reference: str, depth: int) -> tuple[int, int]:
        if reference in self._open or reference == "#":
            raise BadRequest("schema: a $ref in it leads back to itself; write out as many levels as are wanted")
        if reference not in self._sizes:
            self._open.add(reference)
            target = self._targets[reference] = self._target(reference)
            if not isinstance(target, dict | bool):
                raise _no_schema(reference)
            self._sizes[reference] = self._size(target, depth)
            self._open.remove(reference)
        parts, levels = self._sizes[reference]
        _refuse_depth(depth + levels)
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


def _whole(within: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The parts and levels of what has these within it."""
    return 1 + sum(parts for parts, _ in within), 1 + max((levels for _, levels in within), default=0)


def _size_of_value(value: Any, depth: int) -> tuple[int, int]:
    """How many parts there are in what is no schema, and how many levels below it."""
    _refuse_depth(depth)
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return (1, 0) if within is None else _whole([_size_of_value(part, depth + 1) for part in within])


def _refuse_depth(depth: int) -> None:
    if depth > DEEPEST:
        raise BadRequest(f"schema: with each $ref written out it must not be deeper than {DEEPEST} levels")


def _refuse(name: str, value: Any, depth: int) -> None:
    """Raises BadRequest for a keyword that is not taken.

    With a $schema below the top the library would go on with another validator, which counts no steps.
    """
    if name in _PATTERNS and (isinstance(value, str) or name == "patternProperties"):
        raise BadRequest(
            "schema: pattern and patternProperties are not taken; say in a description what a text is like"
        )
    if isinstance(value, str) and (name in _MOVING or (name == "$id" and depth > 0)):
        raise BadRequest(f"schema: {name} is not taken; refer to #/$defs/name with $ref")
    if name in _UNEVALUATED:
        raise BadRequest(f"schema: {name} is not taken; use {_UNEVALUATED[name]}")
    if name == "$schema" and isinstance(value, str) and depth > 0:
        raise BadRequest("schema: $schema is not taken below the top; the whole is of draft 2020-12")
    if name == "$schema" and isinstance(value, str) and value.removesuffix("#") != _DRAFT:
        raise BadRequest(f"schema: its $schema must be {_DRAFT}, or be left out")


def _check(schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Check a model's document against a caller's JSON schema with jsonschema. Raises ValueError or BadRequest."""
    from jsonschema.exceptions import UndefinedTypeCheck, UnknownType, ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    alone = {name: value for name, value in schema.items() if name not in _ABOUT_THE_WHOLE}
    try:
        checker = _counting()(alone, registry=Registry())  # of its own: it fetches nothing
        error: ValidationError | None = next(checker.iter_errors(document), None)
    except Unresolvable:
        raise BadRequest("schema: a $ref in it leads nowhere; put what it means into $defs") from None
    except (*_FAULTS, UnknownType, UndefinedTypeCheck) as fault:
        raise BadRequest(
            f"schema: the document could not be checked against the schema ({type(fault).__name__})"
        ) from None
    if error is not None:
        raise ValueError(f"the document does not meet its schema at {error.json_path} ({error.validator})")


def _counting() -> Any:
    """A validator whose keywords count what they go through. Made anew for each document, as the count is."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    left = MOST_STEPS

    def counted(name: str, check: Callable[..., Any]) -> Callable[..., Any]:
        def step(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            count_steps(1 + _length(value) + _length(instance))
            if name in _DEEP:
                count_steps(_parts(value if name != "uniqueItems" else instance))
            for error in check(validator, value, instance, schema) or ():
                count_steps(len(error.message) // _CHARACTERS_A_STEP)
                error.message = ""  # it repeats the instance, however large, and is told to nobody
                yield error

        return step

    def count_steps(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise BadRequest(f"schema: to check the document takes more than {MOST_STEPS} steps; give a simpler one")

    keywords = {**Draft202012Validator.VALIDATORS, "uniqueItems": _unique}
    return extend(Draft202012Validator, {name: counted(name, check) for name, check in keywords.items()})


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (dict, list)) else 0


def _parts(value: Any) -> int:
    """How many steps it takes to go through all of a value."""
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(_parts, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_parts, value))
    return 1 + (len(value) // _CHARACTERS_A_STEP if isinstance(value, str) else 0)


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The library compares each object with each other one; as texts they are compared in one go."""
    from jsonschema.exceptions import ValidationError

    if wanted and validator.is_type(instance, "array"):
        texts = {json.dumps(item, sort_keys=True) for item in instance}
        if len(texts) < len(instance):
            yield ValidationError("the items are not unique")
