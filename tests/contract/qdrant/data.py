"""The points that both stores are filled with: ids of both kinds, every payload type, words of many scripts."""

import random
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from qdrant_client import QdrantClient, models

SIZE = 48
DIMENSIONS = 8
VOCABULARY = 60
CITIES = ("Århus", "東京", "القاهرة", "São Paulo", "Zürich", "e\u0301vora", "évora", "🏝️ Oahu")
VECTORS = {
    "dense": models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE),
    "place": models.VectorParams(size=2, distance=models.Distance.EUCLID),
    "taste": models.VectorParams(size=3, distance=models.Distance.DOT),
}
SPARSE_VECTORS = {
    "words": models.SparseVectorParams(),
    "rare": models.SparseVectorParams(modifier=models.Modifier.IDF),
}
INDEXES: dict[str, models.PayloadSchemaType | models.KeywordIndexParams] = {
    "user": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "city": models.PayloadSchemaType.KEYWORD,
    "count": models.PayloadSchemaType.INTEGER,
    "price": models.PayloadSchemaType.FLOAT,
    "at": models.PayloadSchemaType.DATETIME,
    "current": models.PayloadSchemaType.BOOL,
    "ref": models.PayloadSchemaType.UUID,
    "tags": models.PayloadSchemaType.KEYWORD,
    "metadata.k": models.PayloadSchemaType.INTEGER,
    "metadata.lang.code": models.PayloadSchemaType.KEYWORD,
    "items[].name": models.PayloadSchemaType.KEYWORD,
    "ключ.鍵": models.PayloadSchemaType.KEYWORD,
}


def identity(number: int) -> int | str:
    """Name point `number`: every third has a UUID, the others are integers."""
    return str(uuid5(NAMESPACE_URL, f"point-{number}")) if number % 3 == 2 else number


def vector(number: int, size: int) -> list[float]:
    """Make the vector of `size` dimensions that belongs to `number`."""
    chance = random.Random(f"{number}/{size}")
    return [round(chance.gauss(0, 1), 3) for _ in range(size)]


def sparse(number: int, terms: int = 8) -> models.SparseVector:
    """Make the sparse vector that belongs to `number`."""
    chance = random.Random(number)
    indices = sorted(chance.sample(range(VOCABULARY), terms))
    return models.SparseVector(indices=indices, values=[round(chance.uniform(0.1, 2), 3) for _ in indices])


def payload(number: int) -> dict[str, Any]:
    """Make the payload of point `number`."""
    fields: dict[str, Any] = {
        "user": f"u{number % 5}",
        "city": CITIES[number % len(CITIES)],
        "price": number * 0.5 - 3,
        "at": f"2024-{1 + number % 12:02}-{1 + number % 28:02}T10:00:00.{number:06}Z",
        "current": number % 2 == 0,
        "ref": str(uuid5(NAMESPACE_URL, f"ref-{number % 7}")),
        "tags": ["red", "green", "blue"][: number % 4],
        "text": f"The {number % 6}th heron walks, slowly; heron number {number}.",
        "metadata": {"k": number % 4, "lang": {"code": ("da", "ja", "ar")[number % 3]}, "list": [number, -number]},
        "items": [{"name": f"n{place}", "amount": number % 3 + place} for place in range(number % 3)],
        "ключ": {"鍵": f"値{number % 3}", "مفتاح": ["قيمة"] * (number % 2)},
        "👩‍🔬": "e\u0301" if number % 2 else "é",
        "weird key": {"with space": number % 2},
    }
    if number % 4:
        fields["count"] = None if number % 4 == 1 else number
    return fields


def point(number: int) -> models.PointStruct:
    """Make point `number`."""
    return models.PointStruct(
        id=identity(number),
        vector={
            "dense": vector(number, DIMENSIONS),
            "place": vector(number, 2),
            "taste": vector(number, 3),
            "words": sparse(number),
            "rare": sparse(number + 1000),
        },
        payload=payload(number),
    )


def create(client: QdrantClient, name: str) -> None:
    """Create an empty collection with every kind of vector."""
    client.create_collection(name, vectors_config=VECTORS, sparse_vectors_config=SPARSE_VECTORS)


def fill(client: QdrantClient, name: str, size: int = SIZE) -> None:
    """Create a collection with the first `size` points."""
    create(client, name)
    client.upsert(name, [point(number) for number in range(size)])


def index(client: QdrantClient, name: str, fields: Callable[[str], bool] = lambda _: True) -> None:
    """Index the payload of a collection."""
    for field, schema in INDEXES.items():
        if fields(field):
            client.create_payload_index(name, field, schema)
