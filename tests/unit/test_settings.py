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


def test_a_tenant_cannot_be_let_have_more_waiting_than_all_tenants_together() -> None:
    with pytest.raises(ValidationError, match="SCRUBJAY_MAX_TENANT_BACKLOG=8 is more than SCRUBJAY_MAX_BACKLOG=7"):
        Settings(max_tenant_backlog=8, max_backlog=7)
    assert Settings(max_tenant_backlog=7, max_backlog=7).max_tenant_backlog == 7
