"""Settings that are refused, each in a sentence that names it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from scrubjay.settings import Settings


@pytest.mark.parametrize("prefix", ["", "sj", "two words:", "a'b:", "a:b:", ":"])
def test_a_prefix_in_redis_is_letters_and_ends_with_its_only_colon(prefix: str) -> None:
    with pytest.raises(ValidationError, match="redis_prefix"):
        Settings(redis_prefix=prefix)


@pytest.mark.parametrize("prefix", ["", "north", "North-", "scrubjay-memories-north-"])
def test_a_prefix_of_collections_is_no_continuation_of_the_usual_one(prefix: str) -> None:
    with pytest.raises(ValidationError, match=r"collection_prefix|SCRUBJAY_COLLECTION_PREFIX"):
        Settings(collection_prefix=prefix)
    assert Settings(collection_prefix="north-memories-").collection_prefix == "north-memories-"
