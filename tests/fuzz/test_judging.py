"""What a fuzzing run calls a failure."""

from __future__ import annotations

import pytest

from tests.fuzz.checks import is_another
from tests.fuzz.document import NoJson, parsed
from tests.fuzz.malformed import fault
from tests.fuzz.shape import wrong_shape
from tests.fuzz.stored import Stored, differences
from tests.fuzz.wire import Answer, plain

JSON = "application/json"
RIGHT = b'{"detail": "a sentence", "error": "code"}'


def test_a_malformed_request_must_be_refused_in_the_shape_of_refusals() -> None:
    sent = plain("truncated", b"{")
    assert fault(Answer(400, JSON, RIGHT), sent) is None
    assert fault(Answer(202, JSON, b"{}"), sent) == "answered with 202"
    assert fault(Answer(500, JSON, RIGHT), sent) == "answered with 500"
    assert fault(Answer(400, "text/plain", RIGHT), sent) == "a refusal is sent as text/plain, not as JSON"
    assert fault(Answer(None), sent) == "no answer"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"detail": "x"}', b'{"detail": "x", "error": ""}', b'{"detail": ["x"], "error": "y"}', RIGHT[:-1]],
)
def test_a_refusal_is_a_sentence_and_a_code(content: bytes) -> None:
    assert wrong_shape(RIGHT, JSON) is None
    assert wrong_shape(content, JSON) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"1e400",
        rb'"\ud800"',
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b"{}x",
        b"",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_told_by_another_reader_than_the_servers(body: bytes) -> None:
    with pytest.raises(NoJson):
        parsed(body)


def test_whatever_is_stored_changed_or_lost_meanwhile_is_told() -> None:
    before = Stored({"kept": "1", "changed": "1", "lost": "1"}, ("a", "b"))
    after = Stored({"kept": "1", "changed": "2", "made": "1"}, ("a", "c"))
    assert list(differences(before, after)) == [
        "changed was changed",
        "lost was lost",
        "made was made",
        "a point was made or changed: c",
        "a point was lost or changed: b",
    ]
    assert not list(differences(before, before))


def test_only_a_path_that_is_also_anothers_may_answer_to_more_methods() -> None:
    templates = ["/receipts/verify", "/receipts/{receipt_id}", "/search"]
    assert is_another("/receipts/verify", templates)
    assert not is_another("/search", templates)
    assert not is_another("/receipts/{receipt_id}", templates[1:])
