"""Mem0's messages: those of a conversation as its clients write them, and the sentences of its answers and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrubjay.errors import MemoryNotFound, NotOffered, ScrubjayError

MEMORY_DELETED = "Memory deleted successfully"
MEMORY_UPDATED = "Memory updated successfully!"
MEMORIES_DELETED = "Memories deleted successfully!"
QUEUED = "Memory processing has been queued for background execution"
STORED = "Memories stored successfully"
DELETE_IN_PROGRESS = "Delete in progress. This may take some time."
NO_MEMORY = "Memory not found!"
NO_UUID = "memory_id should be a valid UUID"
NO_EVENT = "Event not found or you don't have permission to access it."
NO_ENTITY = "Entity not found!"
NO_PROJECT = "Project not found!"
NO_EXPORT = "No memory export request found"
_SENTENCES: Mapping[type[ScrubjayError], str] = {MemoryNotFound: NO_MEMORY}
_ROLES: Mapping[str, str] = {"developer": "system", "function": "tool"}


def sentence_for(kind: type[ScrubjayError] | None) -> str | None:
    """Mem0's own sentence for an error, which its clients may compare with; None where ours will do."""
    return None if kind is None else _SENTENCES.get(kind)


def plain_message(message: Mapping[str, Any] | str) -> dict[str, Any]:
    """A message of a conversation with role, content and name alone; a text is the user's.

    Fields that only a model's provider needs are left out. Raises NotOffered for a picture or a file.
    """
    if isinstance(message, str):
        return {"role": "user", "content": message}
    role = message.get("role", "user")
    name_field = {"name": message["name"]} if message.get("name") else {}
    role = _ROLES.get(role, role) if isinstance(role, str) else role
    return {"role": role, "content": _text(message.get("content")), **name_field}


def _text(content: Any) -> Any:
    """The text of a message: providers also write it in parts, and none where a tool is called."""
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return "" if content is None else content
    others = [part.get("type") for part in content if isinstance(part, dict) and part.get("type") != "text"]
    if others:
        raise NotOffered(f"messages of the type {others[0]} are not offered here: send what they say as text")
    return "\n".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in content)
