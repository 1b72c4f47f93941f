"""Text becomes a BM25 vector on the server, which qdrant-client's in-memory mode cannot do."""

import asyncio
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models
from qdrant_client.models import Document, Fusion, FusionQuery, NearestQuery, PointStruct, Prefetch

from tests.contract.qdrant.data import DIMENSIONS, vector
from tests.contract.qdrant.server import Server

MODEL = "qdrant/bm25"
COLLECTION = "bm25"
TEXTS = {
    1: "Anna keeps three bees in the garden behind her house.",
    2: "Anna is allergic to peanuts and carries an inhaler.",
    3: "The garden gate is painted green.",
    4: "User works as a beekeeper, a bee keeper with forty hives.",
    5: "猫は魚が好きです",
    6: "Анна живёт в Копенгагене",
    7: "",
    8: "the of and",
}


def _document(text: str, model: str = MODEL) -> Document:
    return Document(text=text, model=model)


@pytest.fixture(scope="module")
def client(server: Server) -> QdrantClient:
    """A collection of texts, opened with a plain URL and cloud_inference=True as the only special thing."""
    client = server.client()
    client.create_collection(
        COLLECTION,
        vectors_config={"dense": models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)},
        sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    client.upsert(
        COLLECTION,
        [
            PointStruct(
                id=number,
                vector={"dense": vector(number, DIMENSIONS), "bm25": _document(text)},
                payload={"text": text},
            )
            for number, text in TEXTS.items()
        ],
    )
    return client


def _search(client: QdrantClient, text: str, **options: Any) -> list[object]:
    query = Document(text=text, model=MODEL, options=options)
    return [point.id for point in client.query_points(COLLECTION, query, using="bm25").points]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bees", {1, 4}),
        ("a keeper of BEES", {1, 4}),
        ("gardens", {1, 3}),
        ("allergy peanut", {2}),
        ("猫は魚が好きです", {5}),
        ("Копенгагене", {6}),
        ("the and of", set()),
        ("", set()),
        ("zeppelin", set()),
    ],
)
def test_a_query_finds_the_texts_that_share_its_words(client: QdrantClient, text: str, expected: set[int]) -> None:
    assert set(_search(client, text)) == expected


def test_a_rare_word_weighs_more_than_a_common_one(client: QdrantClient) -> None:
    assert _search(client, "anna peanuts")[0] == 2
    assert _search(client, "anna garden bees")[0] == 1


@pytest.mark.parametrize("model", ["qdrant/bm25", "Qdrant/bm25", "QDRANT/BM25"])
def test_the_name_of_the_model_is_read_in_any_case(client: QdrantClient, model: str) -> None:
    points = client.query_points(COLLECTION, _document("peanuts", model), using="bm25").points
    assert [point.id for point in points] == [2]


def test_a_document_counts_its_words_and_a_query_weighs_each_once(client: QdrantClient) -> None:
    client.upsert(COLLECTION, [PointStruct(id=50, vector={"bm25": _document("wren wren wren robin")})])
    stored = client.retrieve(COLLECTION, [50], with_vectors=True)[0].vector
    client.delete(COLLECTION, [50])
    assert isinstance(stored, dict)
    terms = stored["bm25"]
    assert isinstance(terms, models.SparseVector)
    # k = 1.2, b = 0.75, avg_len = 256: tf * (k + 1) / (tf + k * (1 - b + b * 4 / 256))
    length = 1.2 * (0.25 + 0.75 * 4 / 256)
    assert sorted(terms.values) == pytest.approx([2.2 / (1 + length), 3 * 2.2 / (3 + length)], rel=1e-5)


def test_options_change_how_text_is_read(client: QdrantClient) -> None:
    plain = {"stemmer": {"type": "none"}, "stopwords": {"custom": ["anna"]}}
    assert _search(client, "gardens", **plain) == []
    assert set(_search(client, "garden", **plain)) == {1, 3}
    assert _search(client, "anna", **plain) == []
    assert _search(client, "Anna", lowercase=False) == []


@pytest.mark.ours
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"language": "klingon"}, "unsupported language"),
        ({"b": 2}, "BM25 b must be"),
        ({"avg_len": 0}, "avg_doc_len must be finite"),
        ({"k": "x"}, "k must be a number"),
        ({"tokenizer": "scissors"}, "tokenizer must be one of"),
        ({"stemmer": {"type": "porter"}}, "stemmer.type"),
        ({"colour": 1}, "colour"),
    ],
)
def test_unusable_options_are_refused(client: QdrantClient, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Exception, match="400 ") as refusal:
        _search(client, "bees", **options)
    assert reason in str(refusal.value)


@pytest.mark.ours
def test_text_for_a_dense_vector_is_refused(client: QdrantClient) -> None:
    with pytest.raises(Exception, match="needs a sparse vector"):
        client.query_points(COLLECTION, _document("bees"), using="dense")


def test_the_other_ways_of_writing_points_take_documents_too(client: QdrantClient) -> None:
    columns = models.Batch(ids=[60, 61], vectors={"bm25": [_document("curlew"), _document("curlew dunlin")]})
    client.upsert(COLLECTION, columns)
    assert set(_search(client, "curlew")) == {60, 61}
    client.update_vectors(COLLECTION, [models.PointVectors(id=60, vector={"bm25": _document("dunlin")})])
    assert set(_search(client, "dunlin")) == {60, 61}
    client.upload_points(COLLECTION, [PointStruct(id=62, vector={"bm25": _document("dunlin")})])
    assert set(_search(client, "dunlin")) == {60, 61, 62}
    client.delete(COLLECTION, [60, 61, 62])


def test_words_and_meaning_are_fused_in_one_query_by_the_async_client(client: QdrantClient, server: Server) -> None:
    async def search() -> list[object]:
        asynchronous = AsyncQdrantClient(url=server.url, cloud_inference=True)
        try:
            query_response = await asynchronous.query_points(
                COLLECTION,
                prefetch=[
                    Prefetch(query=NearestQuery(nearest=_document("peanuts")), using="bm25", limit=5),
                    Prefetch(query=vector(2, DIMENSIONS), using="dense", limit=3),
                ],
                query=FusionQuery(fusion=Fusion.RRF),
                limit=3,
            )
            return [point.id for point in query_response.points]
        finally:
            await asynchronous.close()

    assert asyncio.run(search())[0] == 2
