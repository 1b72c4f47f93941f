"""Pages, orders, selections, counts and facets come out the same."""

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.models import (
    Direction,
    FieldCondition,
    Filter,
    MatchValue,
    OrderBy,
    PayloadSelectorExclude,
    PayloadSelectorInclude,
    Range,
)

from tests.contract.qdrant.data import SIZE, identity
from tests.contract.qdrant.pair import Call, Pair

USER = Filter(must=[FieldCondition(key="user", match=MatchValue(value="u1"))])
CHEAP = Filter(must=[FieldCondition(key="price", range=Range(lt=10))])


@pytest.mark.parametrize("limit", [1, 5, 7, SIZE - 1, SIZE, SIZE + 1])
@pytest.mark.parametrize("chosen", [None, USER, CHEAP], ids=["all", "user", "cheap"])
def test_scrolling_page_by_page_meets_every_point_once(library: Pair, limit: int, chosen: Filter | None) -> None:
    def scroll(start: models.ExtendedPointId | None) -> Call:
        return lambda client, name: client.scroll(name, chosen, limit=limit, offset=start, with_payload=False)

    offset, met = None, []
    while True:
        page, offset = library.agree(scroll(offset))
        met += [point.id for point in page]
        if offset is None:
            break
    assert len(met) == len(set(met)) == library.served.count(library.name, count_filter=chosen).count


ORDERS = {
    "integers": OrderBy(key="count"),
    "integers, largest first": OrderBy(key="count", direction=Direction.DESC),
    "integers from one on": OrderBy(key="count", start_from=18),
    "integers from one down": OrderBy(key="count", direction=Direction.DESC, start_from=18),
    "floats": OrderBy(key="price"),
    "floats from a negative one on": OrderBy(key="price", start_from=-1.25),
    "times": OrderBy(key="at"),
    "times, newest first": OrderBy(key="at", direction=Direction.DESC),
    "times since": OrderBy(key="at", start_from="2024-05-05T00:00:00Z"),
    "times until": OrderBy(key="at", direction=Direction.DESC, start_from="2024-05-05T00:00:00Z"),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("chosen", [None, USER], ids=["all", "user"])
def test_scrolling_in_an_order_gives_the_same_points_and_order_values(
    indexed: Pair, order: str, chosen: Filter | None
) -> None:
    page, following = indexed.agree(
        lambda client, name: client.scroll(name, scroll_filter=chosen, order_by=ORDERS[order], limit=9)
    )
    assert page
    assert following is None


@pytest.mark.ours
def test_an_order_needs_an_index(library: Pair) -> None:
    # The in-memory mode sorts without an index, so only the server can say this.
    with pytest.raises(Exception, match="No range index for `order_by` key: `nothing`"):
        library.served.scroll(library.name, order_by="nothing")


SELECTIONS: dict[str, models.WithPayloadInterface] = {
    "everything": True,
    "nothing": False,
    "some keys": ["user", "tags"],
    "a nested key": ["metadata.k"],
    "a whole object": PayloadSelectorInclude(include=["metadata"]),
    "keys inside an array": PayloadSelectorInclude(include=["items[].name"]),
    "a key that nobody has": PayloadSelectorInclude(include=["no.such"]),
    "all but some": PayloadSelectorExclude(exclude=["user", "text"]),
    "all but a nested key": PayloadSelectorExclude(exclude=["metadata.lang.code", "items[].name"]),
    "a key in other scripts": ["ключ.鍵", '"👩‍🔬"'],
}


@pytest.mark.parametrize("selection", SELECTIONS)
def test_the_same_part_of_the_payload_is_returned(library: Pair, selection: str) -> None:
    chosen = SELECTIONS[selection]
    library.agree(lambda client, name: client.scroll(name, limit=7, with_payload=chosen))
    library.agree(lambda client, name: client.retrieve(name, [identity(5)], with_payload=chosen))


@pytest.mark.parametrize("wanted", [True, False, ["dense"], ["words", "place"], []], ids=str)
def test_the_same_vectors_are_returned(library: Pair, wanted: bool | list[str]) -> None:
    library.agree(lambda client, name: client.scroll(name, limit=7, with_vectors=wanted))


@pytest.mark.parametrize(
    "ids",
    [[], [1], [2], [4, 3, 2, 1], [4711], [1, 4711, 2]],
    ids=["none", "integer", "uuid", "mixed", "unknown", "some"],
)
def test_points_are_retrieved_in_the_order_asked_for(library: Pair, ids: list[int]) -> None:
    # A point asked for twice comes once from the engine and twice from the in-memory mode, so none is here.
    library.agree(lambda client, name: client.retrieve(name, [identity(number) for number in ids]))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("chosen", [None, USER, CHEAP], ids=["all", "user", "cheap"])
def test_exact_counts_agree(library: Pair, chosen: Filter | None, exact: bool) -> None:
    def count(client: QdrantClient, name: str) -> int:
        return client.count(name, count_filter=chosen, exact=exact).count

    # An inexact count is an estimate on a server, and the in-memory mode knows only exact ones.
    assert library.agree(count) if exact else 0 <= count(library.served, library.name) <= SIZE


@pytest.mark.parametrize("key", ["user", "city", "tags", "count", "current", "metadata.k", "ref", "ключ.鍵"])
@pytest.mark.parametrize("chosen", [None, CHEAP], ids=["all", "cheap"])
def test_facets_agree(indexed: Pair, key: str, chosen: Filter | None) -> None:
    def facet(client: QdrantClient, name: str) -> list[tuple[int, str]]:
        hits = client.facet(name, key, limit=100, exact=True, facet_filter=chosen).hits
        return sorted((-hit.count, str(hit.value)) for hit in hits)

    assert indexed.agree(facet)
