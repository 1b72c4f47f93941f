"""The store on a Qdrant that is not our engine server: older, with keys, full, with smaller requests, or refusing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient
from structlog.testing import capture_logs

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.errors import FilterNotServed, StoreRejected, StoreUnavailable
from scrubjay.model import Page, Scope, Write
from scrubjay.model.filters import Comparison, Condition, On, Op
from scrubjay.ports import Near
from tests.contract.test_store import ANA, FOREVER, lease, query, write
from tests.fakes import WordEmbedder, word_vector
from tests.other_qdrant import READ_ONLY, READ_WRITE, OtherQdrant, other_qdrant
from tests.support import without_memories

MIB = 1024 * 1024
pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
UPSERT = r"PUT /collections/[^/]+/points"
TEXTS = ("User plays the oboe", "User likes green tea", "User lives in Berlin")
OpenStore = Callable[..., QdrantStore]


@pytest.fixture
async def qdrant(qdrant_url: str) -> AsyncIterator[OtherQdrant]:
    await without_memories(qdrant_url)
    async with other_qdrant(qdrant_url, MIB) as other:
        yield other


@pytest.fixture
async def open_store(qdrant: OtherQdrant) -> AsyncIterator[OpenStore]:
    """Opens the store on it."""
    async with AsyncExitStack() as stack:

        def store(api_key: str | None = None, **how: Any) -> QdrantStore:
            client = AsyncQdrantClient(url=qdrant.url, api_key=api_key, cloud_inference=True, check_compatibility=False)
            stack.push_async_callback(client.close)
            return QdrantStore(client, WordEmbedder(), **how)

        yield store


def notes(count: int, length: int) -> list[Write]:
    """Memories that are long by their quotes."""
    return [write(f"User note {number}", minutes=number, quote="x" * length) for number in range(count)]


def has_part(op: Op, value: str, *path: str) -> Condition:
    return Comparison(on=On.METADATA if path else On.KEYWORDS, op=op, values=(value,), path=path)


async def test_many_writes_go_in_several_requests_none_larger_than_the_setting(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store = open_store(most_bytes=200_000)
    await store.apply(lease(), notes(20, 50_000), FOREVER)
    assert (await store.page(ANA, Page())).count == 20
    assert len(qdrant.sizes(UPSERT)) > 4
    assert max(qdrant.sizes(UPSERT)) <= 200_000


async def test_what_a_server_hangs_up_on_goes_in_halves(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    store = open_store()
    with suppress(StoreUnavailable):
        await store.apply(lease(), notes(20, 100_000), FOREVER)
    assert (await store.page(ANA, Page())).count == 20
    assert max(qdrant.sizes(UPSERT)) <= MIB


@pytest.mark.parametrize("most_bytes", [8 * MIB, 500_000], ids=["for the server", "for the setting"])
async def test_a_memory_that_is_too_large_by_itself_is_refused_for_good_and_its_size_is_named(
    open_store: OpenStore, most_bytes: int
) -> None:
    with pytest.raises(StoreRejected, match=r"one memory needs a request of \d,\d{3},\d{3} bytes"):
        await open_store(most_bytes=most_bytes).apply(lease(), notes(1, 2 * MIB), FOREVER)


async def test_of_writes_that_need_several_requests_none_is_made_when_one_is_refused(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, poison = open_store(most_bytes=200_000), write("poison", minutes=99)
    await store.apply(lease(), [write("User note 0", quote="as it was")], FOREVER)
    qdrant.refuses = lambda _, body: (400, "no") if b"poison" in body else None
    with pytest.raises(StoreRejected):
        await store.apply(lease(), [*notes(20, 50_000), poison], FOREVER)
    assert [memory.quote for memory in (await store.page(ANA, Page())).items] == ["as it was"]
    qdrant.refuses = lambda _, __: None
    await store.apply(lease(), [*notes(20, 50_000), poison], FOREVER)
    assert (await store.page(ANA, Page())).count == 21


async def test_the_versions_of_one_memory_go_in_one_request_and_what_stands_goes_last(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, writes = open_store(most_bytes=120_000), list[Write]()
    for now in notes(6, 20_000):
        past = now.memory.model_copy(update={"current": False, "valid_to": now.memory.valid_from})
        writes += [now, Write(point_id=f"{now.point_id[:-4]}ffff", memory=past, vector=now.vector)]
    await store.apply(lease(), writes, FOREVER)
    bodies = [body.decode() for route, body in qdrant.requests if re.fullmatch(UPSERT, route)]
    bodies = [body for body in bodies if '"update_only"' not in body]
    assert len(bodies) > 2
    for now in writes[::2]:
        holding = [body for body in bodies if now.point_id in body]
        assert len(holding) == 1
        body = holding[0]
        assert 0 < body.index(f"{now.point_id[:-4]}ffff") < body.index(f'"id":"{now.point_id}"')


async def test_looks_at_many_neighbours_go_in_several_requests(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    store = open_store(most_bytes=100_000)
    await store.apply(lease(), [write("User likes tea")], FOREVER)
    answer = await store.neighbours(ANA.lane, [Near(scope=ANA, vector=word_vector(f"tea {n}")) for n in range(60)], 1)
    assert [len(near) for near in answer] == [1] * 60
    assert len(qdrant.sizes(r"POST .*/points/query/batch")) > 1


@pytest.mark.parametrize("version", ["1.17.0", "1.18.3", "1.19.0", "1.19.1"])
async def test_an_older_server_does_all_but_what_the_limits_name(
    open_store: OpenStore, qdrant: OtherQdrant, version: str
) -> None:
    qdrant.version, store = version, open_store()
    await store.apply(lease(), [write(text, minutes=number) for number, text in enumerate(TEXTS)], FOREVER)
    assert (await store.search(query("oboe")))[0].memory.text == TEXTS[0]
    await store.ping()
    limits = " ".join(await store.limits())
    assert version in limits
    assert ("how rare a word is" in limits) == (version < "1.19")
    if version == "1.19.1":
        with pytest.raises(FilterNotServed, match=r"keywords: Qdrant 1\.19\.1 cannot test for a part of a text"):
            await store.search(query("oboe", filters=has_part(Op.CONTAINS, "obo")))
        assert (await store.page(ANA, Page(), has_part(Op.EQ, "x", "k"))).count == 0
    else:
        for op, part in ((Op.CONTAINS, "he obo"), (Op.ICONTAINS, "HE OBO")):
            answer = await store.page(ANA, Page(), has_part(op, part))
            assert [memory.text for memory in answer.items] == [TEXTS[0]]


async def test_a_server_that_can_do_everything_has_no_limits(open_store: OpenStore) -> None:
    assert list(await open_store().limits()) == []


async def test_a_server_that_is_too_old_is_named_and_turns_wait(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    qdrant.version, store = "1.16.3", open_store()
    for call in (store.ping, lambda: store.apply(lease(), [write("one")], FOREVER), lambda: store.search(query("one"))):
        with pytest.raises(StoreUnavailable, match=r"Qdrant 1\.16\.3 is too old: 1\.17 or newer is needed"):
            await call()


async def test_a_server_that_was_away_is_looked_at_anew(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    store = open_store()
    assert list(await store.limits()) == []
    qdrant.version = "1.18.3"
    with pytest.raises(StoreRejected):  # it hangs up
        await store.apply(lease(), notes(1, 2 * MIB), FOREVER)
    assert "1.18.3" in " ".join(await store.limits())


async def test_a_wrong_key_is_told_by_its_setting(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    qdrant.has_keys = True
    store = open_store("a-wrong-key")
    for call in (store.ping, lambda: store.apply(lease(), [write("one")], FOREVER), lambda: store.search(query("one"))):
        with pytest.raises(StoreUnavailable, match=r"Qdrant refuses the key \(401\): look at SCRUBJAY_QDRANT_API_KEY"):
            await call()
    await open_store(READ_WRITE).ping()


async def test_a_key_that_may_only_read_reads_and_is_told_as_such(open_store: OpenStore, qdrant: OtherQdrant) -> None:
    await open_store().apply(lease(), [write("User likes tea")], FOREVER)
    qdrant.has_keys = True
    store = open_store(READ_ONLY)
    assert (await store.page(ANA, Page())).count == 1
    for call in (
        store.ping,
        lambda: store.apply(lease(), [write("one")], FOREVER),
        lambda: store.erase(ANA, 10**18),
    ):
        with pytest.raises(StoreUnavailable, match="may read but not write"):
            await call()


async def test_rights_are_tried_once_a_minute_however_often_somebody_asks(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store = open_store()
    for _ in range(5):
        await store.ping()
    assert len(qdrant.sizes(r"POST /collections/[^/]+/points/delete")) == 1


async def test_a_full_disk_is_told_in_our_words_until_a_write_is_taken(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, written = open_store(), [write("User likes tea")]
    await store.ping()
    qdrant.is_full = True
    with pytest.raises(StoreUnavailable, match="Qdrant's disk is full; make room"):
        await store.apply(lease(), written, FOREVER)
    with pytest.raises(StoreUnavailable, match="Qdrant's disk is full; make room"):
        await store.ping()
    assert await store.search(query("tea")) == []
    qdrant.is_full = False
    await store.apply(lease(), written, FOREVER)
    await store.ping()


async def test_a_servers_own_words_go_to_the_log_alone_masked_cut_and_once_a_minute(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store = open_store()
    await store.ping()
    sentence = (
        'Bad input: "I live in Berlin" with sk-proj-0123456789abcdefABCDEF0123456789abcdefABCDEF0123 ' + "x" * 900
    )
    qdrant.refuses = lambda _, __: (400, sentence)
    with capture_logs() as logs:
        for call in (
            lambda: store.search(query("tea")),
            lambda: store.get(ANA, write("x").memory.id),
            lambda: store.left(ANA),
        ):
            with pytest.raises(StoreUnavailable) as refusal:
                await call()
            assert not re.search("Bad input|Berlin|sk-proj", str(refusal.value))
    (line,) = [line for line in logs if line["event"] == "store_refused"]
    assert line["words"].startswith("Bad input: ")
    assert not re.search("Berlin|sk-proj", line["words"])
    assert len(line["words"]) <= 300


async def test_a_filter_that_the_store_refuses_is_named_by_its_fields(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, filters = open_store(), has_part(Op.EQ, "5", "stars")
    await store.ping()
    qdrant.refuses = lambda _, body: (400, "Index required but not answer") if b"stars" in body else None
    for call in (lambda: store.search(query("tea", filters=filters)), lambda: store.page(ANA, Page(), filters)):
        with pytest.raises(FilterNotServed, match=r"^metadata\.stars: the store cannot serve this filter"):
            await call()
    qdrant.refuses = lambda _, __: (400, "no")
    with pytest.raises(StoreUnavailable):
        await store.search(query("tea", filters=filters))


async def test_a_write_is_refused_for_good_only_where_another_one_is_taken(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, bob = open_store(), Scope(tenant="acme", user_id="bob")
    await store.ping()
    qdrant.refuses = lambda _, body: (400, "no") if b"poison" in body else None
    with pytest.raises(StoreRejected):
        await store.apply(lease(), [write("poison")], FOREVER)
    qdrant.refuses = lambda route, _: (400, "no") if re.fullmatch(UPSERT, route) else None
    with pytest.raises(StoreUnavailable, match="Qdrant refuses every write"):
        await store.apply(lease(), [write("poison")], FOREVER)
    qdrant.refuses = lambda _, __: None
    assert (await store.page(ANA, Page())).count == (await store.page(bob, Page())).count == 0


async def test_a_look_at_neighbours_is_refused_for_good_only_where_another_one_is_taken(
    open_store: OpenStore, qdrant: OtherQdrant
) -> None:
    store, looks = open_store(), [Near(scope=ANA, vector=word_vector("poison"))]
    await store.ping()
    plain = b"[1.0,1.0"  # what is route about in place of ours
    qdrant.refuses = lambda route, body: (400, "no") if "batch" in route and plain not in body else None
    with pytest.raises(StoreRejected):
        await store.neighbours(ANA.lane, looks, 1)
    qdrant.refuses = lambda route, _: (400, "no") if route.endswith("/query/batch") else None
    with pytest.raises(StoreUnavailable):
        await store.neighbours(ANA.lane, looks, 1)
