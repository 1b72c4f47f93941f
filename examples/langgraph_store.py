"""Scrubjay as LangGraph's long-term store: a `BaseStore` for `graph.compile(store=...)`.

    make up                                      # in another terminal
    .venv/bin/pip install langgraph-checkpoint   # the store's interface; your graph brings it with langgraph
    .venv/bin/python examples/langgraph_store.py

A namespace names an owner of memories. The pattern says how: with the default, `("memories", "{user_id}")`, what stands
in `("memories", "alice")` belongs to user alice, and `("memories", "alice", "food")` is a shelf of hers. A namespace
that does not fit the pattern is refused, so nothing is ever written or read without an owner.

Your graph finds in a search not only what it has put, but also what Scrubjay has learned from conversations: such an
item has the memory's id as its key, and `{"memory": ..., "categories": [...]}` as its value.

An item is one memory: its text is what a search looks in (the whole value, or the `fields` you name), its value is the
memory's metadata, so values can be filtered on. That sets the limits: a value has at most 16 KB, 48 keys and 5 levels.
Secrets in it are masked before they are stored. An item that is put again keeps its earlier values in its history.

What Scrubjay has no counterpart for raises: `index=False` (everything can be searched) and a time to live.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    get_text_at_path,
)

from scrubjay.client import Owner, ScrubjayClient
from scrubjay.client.views import MemoryView
from scrubjay.model import Kind

KEY, SHELF = "_key", "_shelf"  # of the metadata: an item's key, and the labels behind the owner's, by their number
PAGE_SIZE = 200
Namespace = tuple[str, ...]


class ScrubjayStore(BaseStore):
    """A store over one Scrubjay server. It opens its connections for each batch, so it needs no closing.

    Args:
        url: the server's address.
        key: the API key; not needed when the server runs without.
        pattern: of every namespace, with at least one of {user_id}, {agent_id}, {run_id} and {app_id}.
        fields: which fields of a value a search looks in; "$" is the whole value.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        pattern: Namespace = ("memories", "{user_id}"),
        fields: Sequence[str] = ("$",),
    ) -> None:
        self._url, self._key, self._pattern, self._fields = url, key, pattern, fields

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """The same for code that is not async; LangGraph runs such nodes in threads of their own."""
        return asyncio.run(self.abatch(ops))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do everything, what only looks first. Raises ApiError where the server refuses."""
        every = list(ops)
        async with ScrubjayClient(self._url, self._key) as client:
            results = [None if isinstance(op, PutOp) else await self._look(client, op) for op in every]
            for put in {(op.namespace, op.key): op for op in every if isinstance(op, PutOp)}.values():
                await self._put(client, put)
        return results

    async def _look(self, client: ScrubjayClient, op: GetOp | SearchOp | ListNamespacesOp) -> Result:
        if isinstance(op, GetOp):
            memories = await self._memories_of(client, op.namespace, op.key)
            return self._item(memories[0]) if memories else None
        return await (self._search(client, op) if isinstance(op, SearchOp) else self._namespaces(client, op))

    async def _memories_of(self, client: ScrubjayClient, namespace: Namespace, key: str) -> list[MemoryView]:
        """What has this key, newest first: two that put it at the same moment have both been heard."""
        owner, shelf = self._owner(namespace)
        by_key = {"OR": [{"metadata": {KEY: key}}, {"memory_ids": [key]}]}
        page = await client.memories(filters={"AND": [by_key, *_on(shelf)]}, **owner)
        return [memory for memory in page.results if self._namespace(memory) == namespace]

    async def _put(self, client: ScrubjayClient, op: PutOp) -> None:
        known = await self._memories_of(client, op.namespace, op.key)
        if op.value is None:
            for memory in known:
                await client.delete(memory.id)
            return
        if op.index is False:
            raise NotImplementedError("Scrubjay can search in everything: index=False has no counterpart.")
        if {KEY, SHELF} & op.value.keys():
            raise ValueError(f"A value must not have the keys {KEY} and {SHELF}: the store keeps its own there.")
        owner, shelf = self._owner(op.namespace)
        text = "\n".join(text for field in op.index or self._fields for text in get_text_at_path(op.value, field))
        metadata = {**op.value, KEY: op.key, SHELF: _numbered(shelf)}
        if known:
            await client.update(known[0].id, text, metadata=metadata)
            return
        # Verbatim: a graph that puts a value wants this value back, not what a model makes of it.
        turn = await client.add_turn([{"role": "user", "content": text}], metadata=metadata, infer=False, **owner)
        await _settled(client, turn.id)

    async def _search(self, client: ScrubjayClient, op: SearchOp) -> list[SearchItem]:
        owner, shelf = self._owner(op.namespace_prefix)
        conditions = [
            *_on(shelf),
            *({"metadata": {field: _condition(is_)}} for field, is_ in (op.filter or {}).items()),
        ]
        filters = {"AND": conditions} if conditions else None
        last = op.offset + op.limit
        if op.query:
            memories = (await client.search(op.query, filters=filters, limit=last, **owner)).results
        else:
            memories = tuple(await _listed(client, owner, filters, last))
        return [self._item(memory) for memory in memories[op.offset : last]]

    async def _namespaces(self, client: ScrubjayClient, op: ListNamespacesOp) -> list[Namespace]:
        """Of the owner that a prefix names, else of every owner that the pattern can mean."""
        conditions = op.match_conditions or ()
        namespaces: set[Namespace] = set()
        for owner in await self._owners(client, conditions):
            namespaces |= {self._namespace(memory) for memory in await _listed(client, owner, None, None)}
        fitting = {
            namespace[: op.max_depth]
            for namespace in namespaces
            if all(_matches(namespace, condition) for condition in conditions)
        }
        return sorted(fitting)[op.offset : op.offset + op.limit]

    async def _owners(self, client: ScrubjayClient, conditions: Sequence[MatchCondition]) -> list[Owner]:
        prefixes = [
            condition.path for condition in conditions if condition.match_type == "prefix" and "*" not in condition.path
        ]
        for prefix in prefixes:
            if len(prefix) >= len(self._pattern):
                return [self._owner(prefix)[0]]
        names = [label.strip("{}") for label in self._pattern if label.startswith("{")]
        if len(names) != 1:
            raise InvalidNamespaceError(f"Namespaces of {self._pattern} can be listed of one owner: give its prefix.")
        owners: list[Owner] = []
        page = 1
        while entities := await client.owners.entities(kind=cast("Kind", names[0].removesuffix("_id")), page=page):
            owners += [_ids({names[0]: entity.id}) for entity in entities]
            page += 1
        return owners

    def _owner(self, namespace: Namespace) -> tuple[Owner, Namespace]:
        """Whose memories a namespace means, and the shelf. Raises InvalidNamespaceError where it means nobody's."""
        owner: dict[str, str] = {}
        for label, wanted in zip(namespace, self._pattern, strict=False):
            if wanted.startswith("{"):
                owner[wanted.strip("{}")] = label
            elif wanted != label:
                owner.clear()
                break
        if not owner or len(namespace) < len(self._pattern):
            raise InvalidNamespaceError(f"{namespace} names no owner: here a namespace begins like {self._pattern}.")
        return _ids(owner), namespace[len(self._pattern) :]

    def _namespace(self, memory: MemoryView) -> Namespace:
        ids = memory.model_dump(include={"user_id", "agent_id", "run_id", "app_id"})
        labels = (str(ids[label.strip("{}")]) if label.startswith("{") else label for label in self._pattern)
        shelf = (memory.metadata or {}).get(SHELF, {})
        return (*labels, *(shelf[number] for number in sorted(shelf, key=int)))

    def _item(self, memory: MemoryView) -> SearchItem:
        kept = dict(memory.metadata or {})
        key, _ = kept.pop(KEY, None), kept.pop(SHELF, None)
        learned = {"memory": memory.memory, "categories": list(memory.categories)}
        return SearchItem(
            namespace=self._namespace(memory),
            key=key or memory.id,
            value=kept if key else learned,
            created_at=memory.created_at,
            updated_at=memory.updated_at,
            score=memory.score,
        )


def _ids(owner: Mapping[str, str]) -> Owner:
    return cast("Owner", owner)


def _numbered(shelf: Namespace) -> dict[str, str]:
    return {str(number): label for number, label in enumerate(shelf)}


def _on(shelf: Namespace) -> list[dict[str, Any]]:
    """The condition that an item stands on this shelf, or on one further in."""
    return [{"metadata": {SHELF: _numbered(shelf)}}] if shelf else []


def _condition(is_: Any) -> Any:
    """LangGraph's `{"$gt": 4}` is Scrubjay's `{"gt": 4}`; a value stands for itself in both."""
    return {op.removeprefix("$"): value for op, value in is_.items()} if isinstance(is_, Mapping) else is_


def _matches(namespace: Namespace, condition: MatchCondition) -> bool:
    depth = len(condition.path)
    part = namespace[:depth] if condition.match_type == "prefix" else namespace[-depth:]
    return len(part) == depth and all(
        wanted in ("*", label) for label, wanted in zip(part, condition.path, strict=True)
    )


async def _listed(
    client: ScrubjayClient, owner: Owner, filters: Mapping[str, Any] | None, most: int | None
) -> list[MemoryView]:
    """An owner's memories, newest first, page by page."""
    memories: list[MemoryView] = []
    page = 1
    while most is None or len(memories) < most:
        part = await client.memories(filters=filters, page=page, page_size=PAGE_SIZE, **owner)
        memories += part.results
        page += 1
        if not part.next:
            break
    return memories


async def _settled(client: ScrubjayClient, turn_id: str) -> None:
    """Wait until what was put can be found, as LangGraph expects of a store."""
    while (turn := await client.turn(turn_id)).status in ("queued", "running", "retrying"):
        await asyncio.sleep(0.05)
    if turn.status != "settled":
        raise RuntimeError(f"Scrubjay could not remember the item: {turn.error or turn.status}.")


def main() -> None:
    """What a node of a graph does with its store."""
    store = ScrubjayStore(os.environ.get("SCRUBJAY_URL", "http://127.0.0.1:8000"), os.environ.get("SCRUBJAY_KEY"))
    store.put(("memories", "alice", "food"), "breakfast", {"text": "Alice has oatmeal for breakfast", "stars": 5})
    store.put(("memories", "alice", "work"), "stack", {"text": "Alice builds with Laravel", "stars": 4})
    for item in store.search(("memories", "alice"), query="What does Alice eat?", limit=1):
        print(item.namespace, item.key, item.value)
    print(store.list_namespaces(prefix=("memories", "alice")))


if __name__ == "__main__":
    main()
