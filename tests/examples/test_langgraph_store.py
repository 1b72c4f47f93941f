"""The example of a LangGraph store, against a running stack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from langgraph.store.base import InvalidNamespaceError

from examples.langgraph_store import ScrubjayStore
from scrubjay.client import ScrubjayClient
from tests.running import OPERATOR_KEY, Running
from tests.support import wait_until

OATMEAL = {"text": "Lea has oatmeal for breakfast", "stars": 5, "with": {"fruit": ["figs", "pears"]}}


@pytest.fixture
def store(keyed: Running) -> ScrubjayStore:
    return ScrubjayStore(keyed.url, OPERATOR_KEY, fields=("text",))


async def test_an_item_is_given_back_as_it_was_put_until_it_is_put_again_or_deleted(
    store: ScrubjayStore, client: ScrubjayClient
) -> None:
    shelf = ("memories", "lea", "food")
    await store.aput(shelf, "breakfast", OATMEAL)
    item = await store.aget(shelf, "breakfast")
    assert item is not None
    assert (item.namespace, item.key, item.value) == (shelf, "breakfast", OATMEAL)
    assert await store.aget(("memories", "lea"), "breakfast") is None
    assert await store.aget(("memories", "mia", "food"), "breakfast") is None

    await store.aput(shelf, "breakfast", {"text": "Lea has toast for breakfast"})
    again = await store.aget(shelf, "breakfast")
    assert again is not None
    assert again.value == {"text": "Lea has toast for breakfast"}
    [memory] = (await client.memories(user_id="lea")).results
    versions = [version["memory"] for version in await client.history(memory.id)]
    assert versions == [OATMEAL["text"], "Lea has toast for breakfast"]

    await store.adelete(shelf, "breakfast")
    assert await store.aget(shelf, "breakfast") is None


async def test_a_search_goes_by_meaning_by_value_and_by_shelf(store: ScrubjayStore) -> None:
    food, work = ("memories", "nora", "food"), ("memories", "nora", "work")
    await asyncio.gather(
        store.aput(food, "breakfast", {"text": "Nora eats oatmeal in the morning", "stars": 5}),
        store.aput(food, "dinner", {"text": "Nora eats soup in the evening", "stars": 2}),
        store.aput(work, "stack", {"text": "Nora programs in Python", "stars": 5}),
    )
    everything = ("memories", "nora")
    [best] = await store.asearch(everything, query="Which language does she code in?", limit=1)
    assert (best.namespace, best.key) == (work, "stack")
    assert best.score is not None
    assert {item.key for item in await store.asearch(everything, filter={"stars": {"$gte": 4}})} == {
        "breakfast",
        "stack",
    }
    assert {item.key for item in await store.asearch(food, query="Python", limit=5)} == {"breakfast", "dinner"}
    assert [item.key for item in await store.asearch(food, filter={"stars": 2})] == ["dinner"]
    pages = [await store.asearch(everything, limit=2, offset=offset) for offset in (0, 2)]
    assert [len(page) for page in pages] == [2, 1]
    assert len({item.key for page in pages for item in page}) == 3


async def test_a_graph_also_finds_what_was_learned_from_conversations(
    store: ScrubjayStore, client: ScrubjayClient
) -> None:
    await client.add_turn([{"role": "user", "content": "I live in Porto."}], user_id="olga")

    async def learned() -> bool:
        return bool(await store.asearch(("memories", "olga"), query="Where does she live?"))

    await wait_until(learned, what="the turn being remembered")
    [item] = await store.asearch(("memories", "olga"), query="Where does she live?")
    assert item.value["memory"] == "I live in Porto."
    same = await store.aget(("memories", "olga"), item.key)
    assert same is not None
    assert same.value == item.value


async def test_namespaces_are_listed_of_one_owner_or_of_all(store: ScrubjayStore) -> None:
    for namespace in (("memories", "pia", "food", "sweet"), ("memories", "pia", "work"), ("memories", "quin", "food")):
        await store.aput(namespace, "it", {"text": "something"})
    shelves = await store.alist_namespaces(prefix=("memories", "pia"))
    assert shelves == [("memories", "pia", "food", "sweet"), ("memories", "pia", "work")]
    assert await store.alist_namespaces(prefix=("memories", "pia"), max_depth=2) == [("memories", "pia")]
    everybody = await store.alist_namespaces(suffix=("food",))
    assert ("memories", "quin", "food") in everybody
    assert ("memories", "pia", "work") not in everybody
    assert await store.alist_namespaces(prefix=("memories", "pia"), limit=1, offset=1) == [("memories", "pia", "work")]


async def test_what_has_no_owner_or_no_counterpart_is_refused(store: ScrubjayStore, keyed: Running) -> None:
    for namespace in (("memories",), ("papers", "rosa")):
        with pytest.raises(InvalidNamespaceError, match="names no owner"):
            await store.aput(namespace, "it", {"text": "something"})
    with pytest.raises(InvalidNamespaceError, match="names no owner"):
        await store.asearch((), query="something")
    with pytest.raises(NotImplementedError, match="index=False"):
        await store.aput(("memories", "rosa"), "it", {"text": "something"}, index=False)
    with pytest.raises(ValueError, match="must not have the keys"):
        await store.aput(("memories", "rosa"), "it", {"text": "something", "_key": "mine"})
    with pytest.raises(NotImplementedError):
        await store.aput(("memories", "rosa"), "it", {"text": "something"}, ttl=5)
    pairs = ScrubjayStore(keyed.url, OPERATOR_KEY, pattern=("{user_id}", "{agent_id}"))
    with pytest.raises(InvalidNamespaceError, match="of one owner"):
        await pairs.alist_namespaces()


async def test_a_pattern_may_name_several_owners(keyed: Running, client: ScrubjayClient) -> None:
    store = ScrubjayStore(keyed.url, OPERATOR_KEY, pattern=("{user_id}", "{agent_id}"))
    await store.aput(("sara", "tutor"), "level", {"text": "intermediate"})
    [memory] = (await client.memories(user_id="sara", agent_id="tutor")).results
    assert '"intermediate"' in memory.memory
    assert await store.alist_namespaces(prefix=("sara", "tutor")) == [("sara", "tutor")]


def test_the_store_s_script_runs_as_it_says(script: Callable[..., str]) -> None:
    assert script("langgraph_store.py").splitlines() == [
        "('memories', 'alice', 'food') breakfast {'text': 'Alice has oatmeal for breakfast', 'stars': 5}",
        "[('memories', 'alice', 'food'), ('memories', 'alice', 'work')]",
    ]
