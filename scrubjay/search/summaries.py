"""Digests of memories by a language model: a summary, or a document of a given shape.

Both are made of what stands at that moment, so nothing of them is kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic_core import from_json

from scrubjay.errors import NoModel
from scrubjay.llm.asking import asked_by
from scrubjay.llm.json_schema import LARGEST_DOCUMENT, check_document, checked_schema
from scrubjay.llm.prompts import structure, summary
from scrubjay.llm.structured_output import Shape, ask
from scrubjay.llm.usage import paid_by
from scrubjay.model import DigestOrder, Message, Page, Role, Scope
from scrubjay.model.filters import Condition
from scrubjay.ports import DigestStore, LanguageModel, MemoryStore

MOST_MEMORIES = 500
LONGEST_MATERIAL = 300_000  # characters of memories in one prompt; more fits into no model's context anyway
_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class DigestServices:
    """What digests need.

    Args:
        model: writes them; None where none is configured.
        store: of memories.
        orders: where orders of documents are kept.
    """

    model: LanguageModel | None
    store: MemoryStore
    orders: DigestStore


class _Document(Shape):
    document: str


async def summarise(scope: Scope, filters: Condition | None, services: DigestServices) -> str:
    """A summary of the latest memories in scope that meet the filters; an empty text where there are none.

    Raises NoModel, and what the services raise.
    """
    llm = _present(services.model)
    memories = await _memories(scope, filters, services.store)
    if not memories:
        return ""
    system, material = summary(_about(scope), memories)
    with paid_by(scope.tenant), asked_by(scope):
        return await llm.chat([Message(role=Role.SYSTEM, content=system), Message(role=Role.USER, content=material)])


async def order(
    tenant: str, schema: Any, filters: Mapping[str, Any], instructions: str | None, services: DigestServices
) -> DigestOrder:
    """Take down which document is wanted; it is made when it is fetched, within a day.

    Args:
        tenant: whose.
        schema: the JSON schema of the document, as an object or as JSON text.
        filters: of which memories; checked already.
        instructions: what is wanted besides.
        services: what digests need.

    Raises BadRequest for a schema that is none, NoModel, InboxUnavailable.
    """
    _present(services.model)
    kept = DigestOrder(
        id=str(uuid.uuid4()), schema_=await checked_schema(schema), filters=filters, instructions=instructions
    )
    await services.orders.keep(tenant, kept)
    return kept


async def make_document(
    wanted: DigestOrder, scope: Scope, filters: Condition | None, services: DigestServices
) -> Mapping[str, Any]:
    """Make the document of an order out of what stands now.

    Args:
        wanted: the order.
        scope: whose memories.
        filters: of which, the order's own.
        services: what digests need. The model is asked once more where the document does not meet the schema.

    Raises NoModel, BadAnswer where the document would not meet the schema, BadRequest where to check it takes too long,
    and what the services raise.
    """
    llm = _present(services.model)
    memories = await _memories(scope, filters, services.store)
    question = structure(_about(scope), wanted.schema_, wanted.instructions, memories)

    with paid_by(scope.tenant), asked_by(scope):
        return await ask(llm, question, _read, partial(check_document, wanted.schema_))


def _read(text: str) -> Mapping[str, Any]:
    """Parse the JSON object of a digest in the model's answer. Raises ValueError where it is none, or too large."""
    document = _Document.model_validate_json(text).document
    if len(document) > LARGEST_DOCUMENT:
        raise ValueError(f"the document has more than {LARGEST_DOCUMENT} characters")
    read = from_json(document)
    if not isinstance(read, dict):
        raise ValueError("the document is no object")
    return read


async def _memories(scope: Scope, filters: Condition | None, store: MemoryStore) -> list[str]:
    """The latest in scope, oldest first; what reads like an instruction stays out of the prompt.

    They are read in small pages, as a single memory may be long, until there are enough.
    """
    texts, characters = list[str](), 0
    for number in range(1, MOST_MEMORIES // _PAGE + 1):
        page = (await store.page(scope, Page(number=number, size=_PAGE), filters)).items
        for memory in page:
            characters += len(memory.text)
            if characters > LONGEST_MATERIAL:
                return texts[::-1]
            if not memory.marked:
                texts.append(memory.text)
        if len(page) < _PAGE:
            break
    return texts[::-1]


def _about(scope: Scope) -> str:
    """Say whose memories a summary or digest is made of, such as "one user", without the ids: they are no business of
    the model's.
    """
    return f"one {next(iter(scope.ids)).removesuffix('_id')}" if scope.ids else "several people"


def _present(model: LanguageModel | None) -> LanguageModel:
    if model is None:
        raise NoModel("no language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint")
    return model
