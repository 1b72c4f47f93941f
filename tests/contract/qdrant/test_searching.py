"""Searches rank the same points with the same scores."""

import pytest
from qdrant_client.models import (
    DatetimeExpression,
    DatetimeKeyExpression,
    DecayParamsExpression,
    Direction,
    DivExpression,
    DivParams,
    ExpDecayExpression,
    Expression,
    FieldCondition,
    Filter,
    FormulaQuery,
    Fusion,
    FusionQuery,
    GaussDecayExpression,
    IdfCorpusParams,
    MatchAny,
    MatchValue,
    Mmr,
    MultExpression,
    NearestQuery,
    NegExpression,
    OrderBy,
    OrderByQuery,
    Prefetch,
    Query,
    QueryRequest,
    Rrf,
    RrfQuery,
    Sample,
    SampleQuery,
    SearchParams,
    SumExpression,
)

from tests.contract.qdrant.data import DIMENSIONS, SIZE, identity, sparse, vector
from tests.contract.qdrant.pair import Pair, Search

DENSE, PLACE, TASTE, SPARSE = vector(100, DIMENSIONS), vector(100, 2), vector(100, 3), sparse(100, 12)
USER = Filter(must=[FieldCondition(key="user", match=MatchAny(any=["u1", "u2"]))])
BOTH = [Prefetch(query=DENSE, using="dense", limit=12), Prefetch(query=SPARSE, using="words", limit=12)]
THREE = [*BOTH, Prefetch(query=PLACE, using="place", limit=9, filter=USER)]
RRF, DBSF = FusionQuery(fusion=Fusion.RRF), FusionQuery(fusion=Fusion.DBSF)

NEAREST = {
    "cosine": QueryRequest(query=DENSE, using="dense"),
    "euclid": QueryRequest(query=PLACE, using="place"),
    "dot": QueryRequest(query=TASTE, using="taste"),
    "sparse": QueryRequest(query=SPARSE, using="words", limit=30),
    "sparse with rare words weighing more": QueryRequest(query=SPARSE, using="rare", limit=30),
    "sparse without a word": QueryRequest(query=sparse(1, 0), using="words"),
    "written as nearest": QueryRequest(query=NearestQuery(nearest=DENSE), using="dense"),
    "by the id of a point": QueryRequest(query=identity(4), using="dense"),
    "by the uuid of a point": QueryRequest(query=identity(5), using="dense"),
    "by id, sparse": QueryRequest(query=identity(4), using="words"),
    "by id with a filter": QueryRequest(query=identity(6), using="dense", filter=USER),
    "first one only": QueryRequest(query=DENSE, using="dense", limit=1),
    "more than there are": QueryRequest(query=DENSE, using="dense", limit=SIZE * 10),
    "second page": QueryRequest(query=DENSE, using="dense", limit=5, offset=5),
    "page past the end": QueryRequest(query=DENSE, using="dense", limit=5, offset=SIZE),
    "above a score": QueryRequest(query=DENSE, using="dense", score_threshold=0.3, limit=SIZE),
    "below a distance": QueryRequest(query=PLACE, using="place", score_threshold=1.0, limit=SIZE),
    "above a score that none has": QueryRequest(query=DENSE, using="dense", score_threshold=2.0),
    "filtered": QueryRequest(query=DENSE, using="dense", filter=USER, limit=SIZE),
    "payload in part": QueryRequest(query=DENSE, using="dense", with_payload=["user", "metadata.k"]),
    "vectors in part": QueryRequest(query=DENSE, using="dense", with_vector=["place", "words"]),
    "all vectors": QueryRequest(query=DENSE, using="dense", with_vector=True, limit=3),
    "no query": QueryRequest(limit=7),
    "no query, filtered, second page": QueryRequest(limit=4, offset=2, filter=USER),
    "diverse": QueryRequest(query=NearestQuery(nearest=DENSE, mmr=Mmr(diversity=0.6, candidates_limit=20)),
                            using="dense"),
}  # fmt: skip

FUSED = {
    "rrf": QueryRequest(prefetch=BOTH, query=RRF, limit=SIZE),
    "rrf of three": QueryRequest(prefetch=THREE, query=RRF, limit=SIZE),
    "rrf of one": QueryRequest(prefetch=BOTH[0], query=RRF, limit=SIZE),
    "rrf with k": QueryRequest(prefetch=BOTH, query=RrfQuery(rrf=Rrf(k=60)), limit=SIZE),
    "rrf with weights": QueryRequest(prefetch=BOTH, query=RrfQuery(rrf=Rrf(k=5, weights=[3, 1])), limit=SIZE),
    "rrf above a score": QueryRequest(prefetch=BOTH, query=RRF, limit=SIZE, score_threshold=0.2),
    "rrf filtered at the top": QueryRequest(prefetch=BOTH, query=RRF, limit=SIZE, filter=USER),
    "rrf with payload": QueryRequest(prefetch=BOTH, query=RRF, limit=SIZE, with_payload=True),
    "dbsf": QueryRequest(prefetch=BOTH, query=DBSF, limit=10),
    "dbsf of three": QueryRequest(prefetch=THREE, query=DBSF, limit=10),
    "dbsf, second page": QueryRequest(prefetch=BOTH, query=DBSF, limit=4, offset=4),
    "dbsf above a score": QueryRequest(prefetch=BOTH, query=DBSF, limit=SIZE, score_threshold=0.7),
    "dbsf filtered at the top": QueryRequest(prefetch=BOTH, query=DBSF, limit=SIZE, filter=USER),
    "prefetch above a score": QueryRequest(
        prefetch=Prefetch(query=DENSE, using="dense", limit=20, score_threshold=0.1), query=DBSF
    ),
    "fused, then ranked by another vector": QueryRequest(prefetch=BOTH, query=PLACE, using="place"),
    "ranked twice": QueryRequest(
        prefetch=Prefetch(prefetch=BOTH[0], query=TASTE, using="taste", limit=8), query=PLACE, using="place"
    ),
    "fusion of fusions": QueryRequest(
        prefetch=[Prefetch(prefetch=BOTH, query=DBSF, limit=10), Prefetch(query=TASTE, using="taste", limit=10)],
        query=RrfQuery(rrf=Rrf(k=2, weights=[2, 1])),
        limit=SIZE,
    ),
    "filter deep inside": QueryRequest(
        prefetch=[Prefetch(prefetch=THREE, query=DBSF, limit=9, filter=USER), BOTH[0]], query=DBSF, limit=8
    ),
    "prefetch by id": QueryRequest(prefetch=[Prefetch(query=identity(4), using="dense"), BOTH[1]], query=DBSF),
    "prefetch without a query": QueryRequest(prefetch=Prefetch(limit=5, filter=USER), query=PLACE, using="place"),
}


@pytest.mark.parametrize("name", NEAREST)
def test_the_nearest_points_agree(library: Pair, name: str) -> None:
    library.agree_on_ranking(lambda client, where: client.query_batch_points(where, [NEAREST[name]])[0].points)


# A real server was seen to answer this one differently.
BY_ID = "prefetch by id"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.ours] if name == BY_ID else []) for name in FUSED]
)
def test_prefetches_and_their_fusion_agree(library: Pair, name: str) -> None:
    assert library.agree_on_ranking(lambda client, where: client.query_batch_points(where, [FUSED[name]])[0].points)


AGE = ExpDecayExpression(
    exp_decay=DecayParamsExpression(
        x=DatetimeKeyExpression(datetime_key="at"),
        target=DatetimeExpression(datetime="2024-12-31T00:00:00Z"),
        scale=90 * 86_400,
        midpoint=0.5,
    )
)
FORMULAS: dict[str, Expression] = {
    "score alone": "$score",
    "score and payload": SumExpression(sum=["$score", MultExpression(mult=[0.1, "price"])]),
    "a bonus for a match": SumExpression(
        sum=["$score", MultExpression(mult=[0.5, FieldCondition(key="user", match=MatchValue(value="u1"))])]
    ),
    "newer is better": MultExpression(mult=["$score", AGE]),
    "near a number": GaussDecayExpression(gauss_decay=DecayParamsExpression(x="price", target=4.0, scale=3)),
    "a quotient": DivExpression(div=DivParams(left="$score", right=NegExpression(neg=2.0), by_zero_default=0.0)),
    "two scores": SumExpression(sum=["$score[0]", MultExpression(mult=[0.3, "$score[1]"])]),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_agree(indexed: Pair, name: str) -> None:
    prefetch = BOTH if name == "two scores" else BOTH[:1]
    query = FormulaQuery(formula=FORMULAS[name], defaults={"$score[0]": 0.0, "$score[1]": 0.0})
    assert indexed.agree_on_ranking(
        lambda client, where: client.query_points(where, prefetch=prefetch, query=query, limit=8).points
    )


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("key", ["count", "price", "at"])
@pytest.mark.parametrize("prefetch", [None, BOTH[0]], ids=["all", "of the nearest"])
def test_points_in_an_order_agree(indexed: Pair, key: str, direction: Direction, prefetch: Prefetch | None) -> None:
    query: Query = OrderByQuery(order_by=OrderBy(key=key, direction=direction))
    points = indexed.agree(
        lambda client, where: client.query_points(where, prefetch=prefetch, query=query, limit=6).points
    )
    assert points


def test_the_population_of_rare_words_can_be_one_owner(library: Pair) -> None:
    def search(how: SearchParams | None) -> Search:
        return lambda client, name: (
            client.query_points(name, SPARSE, "rare", query_filter=USER, search_params=how).points
        )

    scoped = library.agree_on_ranking(search(SearchParams(idf=IdfCorpusParams(corpus=USER))))
    overall = library.agree_on_ranking(search(None))
    assert [point.score for point in scoped] != [point.score for point in overall]


def test_exact_search_is_the_same_search(library: Pair) -> None:
    # The in-memory mode always searches exactly and warns when told to.
    exact, plain = (
        library.served.query_points(library.name, DENSE, using="dense", search_params=how).points
        for how in (SearchParams(exact=True, hnsw_ef=64), None)
    )
    assert exact == plain


def test_several_queries_in_one_request_are_answered_in_their_order(library: Pair) -> None:
    queries = [NEAREST["cosine"], FUSED["dbsf"], NEAREST["no query"]]
    together = library.served.query_batch_points(library.name, queries)
    alone = [library.served.query_batch_points(library.name, [query])[0] for query in queries]
    assert together == alone


def test_a_random_sample_holds_different_points_of_the_filter(library: Pair) -> None:
    points = library.served.query_points(
        library.name, query=SampleQuery(sample=Sample.RANDOM), query_filter=USER, limit=5, with_payload=True
    ).points
    assert len({point.id for point in points}) == 5
    assert {point.payload["user"] for point in points if point.payload} <= {"u1", "u2"}
