"""What a receipt says is so: nothing is left, and the owner was known, whatever is away or comes in its midst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from scrubjay.adapters.qdrant.store import QdrantStore
from scrubjay.errors import ModelUnavailable
from scrubjay.model import Event, Lane, Scope, Status
from tests.fakes import WordEmbedder
from tests.integration.service import ANA, BOB, Service
from tests.integration.test_large_erases import ANA_BOT, BOT, forgotten


async def test_what_a_forgotten_part_stood_for_is_shown_again_though_the_embedder_is_away(service: Service) -> None:
    await service.say("I live in Berlin")
    await service.drain()
    service.reconciler.table["I live in Rome"] = Event.UPDATE
    await service.say("I live in Rome", ANA_BOT)
    await service.drain()

    class Away(WordEmbedder):
        async def embed(self, texts: Sequence[str]) -> Any:
            raise ModelUnavailable("the embedder is away")

    store = QdrantStore(service.store.collection.client, Away())
    assert (await forgotten(service, BOT, store=store)).verified
    assert await service.texts() == ["I live in Berlin"]


@pytest.mark.parametrize("scope", [BOT, ANA, Scope(tenant="default", user_id="ana", run_id="typo")])
async def test_an_erase_of_an_owner_who_was_never_seen_says_so(service: Service, scope: Scope) -> None:
    await service.say("I am Bob", BOB)
    assert (await forgotten(service, scope)).known is False
    assert (await forgotten(service, scope)).known is True, "it was forgotten before"
    assert (await forgotten(service, BOB)).known is True


async def test_what_is_left_counts_versions_that_are_newer_than_the_epoch(service: Service) -> None:
    """No such version can be there while the lanes are held. If one is, it is removed by a new epoch, or told."""
    await service.say("I live in Berlin")
    await service.drain()

    class Ahead(QdrantStore):
        async def erase(self, scope: Scope, before: int) -> int:
            return 0

        async def left(self, scope: Scope, before: int | None = None) -> int:
            return 0 if before else await super().left(scope)

        async def newer(self, scope: Scope, after: int, lanes: Sequence[Lane]) -> int:  # type: ignore[override]
            return await super().newer(scope, 0, lanes)

    erasure = await forgotten(service, store=Ahead(service.store.collection.client, service.embedder))
    assert (erasure.left.versions, erasure.verified) == (1, False)


async def test_a_turn_that_died_meanwhile_is_erased_and_one_that_is_accepted_stays(service: Service) -> None:
    turn_id = await service.say("I live in Berlin")
    lease = await service.lanes.leasing.acquire(ANA.lane, edit=False)
    assert lease is not None
    await service.lanes.take(lease, 1, 1_000)
    await service.lanes.fail(lease, "bad_answer: it was no JSON")
    await service.lanes.hand_back(lease)

    class Meanwhile(QdrantStore):
        later = ""

        async def erase(self, scope: Scope, before: int) -> int:
            self.later = await service.say("I live in Rome")
            return await super().erase(scope, before)

    store = Meanwhile(service.store.collection.client, service.embedder)
    erasure = await forgotten(service, store=store)
    assert (erasure.counts.turns, erasure.verified) == ({"dead": 1}, True)
    assert (await service.status(turn_id)).status is Status.ERASED
    await service.drain()
    assert await service.texts() == ["I live in Rome"]
