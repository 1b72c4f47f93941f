"""Digests of memories by a language model: a summary, or a document of a given shape.

Both are made of what stands at that moment, so nothing of them is kept. What checks documents takes a while to load, so
that is done when the first one is asked for.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from memory.ask import Shape, ask
from memory.errors import BadRequest, NoModel
from memory.model import DigestOrder, Message, Page, Role, Scope
from memory.model.filters import Condition
from memory.ports import DigestBook, LanguageModel, MemoryStore
from memory.prompts import structure, summary
from memory.spending import paid_by

MOST_MEMORIES = 500
LARGEST_SCHEMA = 20_000  # characters as JSON
_PATTERNS = ("pattern", "patternProperties")  # an expression of somebody else's may run for ever


class _Document(Shape):
    document: str


async def summarised(
    scope: Scope, filters: Condition | None, *, model: LanguageModel | None, store: MemoryStore
) -> str:
    """A summary of the latest memories in scope that meet the filters; an empty text where there are none.

    Raises NoModel, and what the parts raise.
    """
    asked = _present(model)
    memories = await _memories(scope, filters, store)
    if not memories:
        return ""
    system, material = summary(_about(scope), memories)
    with paid_by(scope.tenant):
        return await asked.chat([Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=material)])


async def order(
    tenant: str,
    schema: Any,
    filters: Mapping[str, Any],
    instructions: str | None,
    *,
    model: LanguageModel | None,
    book: DigestBook,
) -> DigestOrder:
    """Take down which document is wanted; it is made when it is fetched, within a day.

    Args:
        tenant: whose.
        schema: the JSON schema of the document, as an object or as JSON text.
        filters: of which memories; checked already.
        instructions: what is wanted besides.
        model: which will make it.
        book: where the order is kept.

    Raises BadRequest for a schema that is none, NoModel, InboxUnavailable.
    """
    _present(model)
    kept = DigestOrder(id=str(uuid.uuid4()), schema_=checked_schema(schema), filters=filters, instructions=instructions)
    await book.keep(tenant, kept)
    return kept


async def made(
    wanted: DigestOrder, scope: Scope, filters: Condition | None, *, model: LanguageModel | None, store: MemoryStore
) -> Mapping[str, Any]:
    """Make the document of an order out of what stands now.

    Args:
        wanted: the order.
        scope: whose memories.
        filters: of which, the order's own.
        model: makes it, and is asked once more where the document does not meet the schema.
        store: of memories.

    Raises NoModel, BadAnswer where the document would not meet the schema, and what the parts raise.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    asked = _present(model)
    validator = Draft202012Validator(wanted.schema_, registry=Registry())  # of its own: it fetches nothing
    memories = await _memories(scope, filters, store)
    question = structure(_about(scope), wanted.schema_, wanted.instructions, memories)

    def read(text: str) -> Mapping[str, Any]:
        document = json.loads(_Document.model_validate_json(text).document)
        if not isinstance(document, dict):
            raise ValueError("the document is no object")
        try:
            validator.validate(document)
        except ValidationError as error:
            raise ValueError(
                f"the document does not meet its schema at {error.json_path} ({error.validator})"
            ) from None
        except Unresolvable as error:
            raise BadRequest("schema: a $ref in it leads nowhere; put what it means into $defs") from error
        return document

    with paid_by(scope.tenant):
        return await ask(asked, question, read)


def checked_schema(given: Any) -> Mapping[str, Any]:
    """A JSON schema of an object. Raises BadRequest with what would be right."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema = given
    if isinstance(given, str):
        try:
            schema = json.loads(given)
        except ValueError as error:
            raise BadRequest(f"schema: it is not valid JSON: {error}") from None
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise BadRequest('schema: give the JSON schema of an object, such as {"type": "object", "properties": …}')
    if len(json.dumps(schema)) > LARGEST_SCHEMA:
        raise BadRequest(f"schema: it must not be larger than {LARGEST_SCHEMA} characters as JSON")
    if _has_pattern(schema):
        raise BadRequest(
            "schema: pattern and patternProperties are not taken; say in a description what a text is like"
        )
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadRequest(f"schema: it is no valid JSON schema at {error.json_path}") from None
    return schema


def _has_pattern(part: Any) -> bool:
    if isinstance(part, dict):
        return any(key in _PATTERNS or _has_pattern(value) for key, value in part.items())
    return isinstance(part, list) and any(_has_pattern(one) for one in part)


async def _memories(scope: Scope, filters: Condition | None, store: MemoryStore) -> list[str]:
    """The latest in scope, oldest first; what reads like an instruction stays out of the prompt."""
    found = (await store.page(scope, Page(size=MOST_MEMORIES), filters)).items
    return [one.text for one in reversed(found) if not one.marked]


def _about(scope: Scope) -> str:
    """Whose memories they are; the ids are no business of the model's."""
    return f"one {next(iter(scope.ids)).removesuffix('_id')}" if scope.ids else "several people"


def _present(model: LanguageModel | None) -> LanguageModel:
    if model is None:
        raise NoModel("no language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint")
    return model
