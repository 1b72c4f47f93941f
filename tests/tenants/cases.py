"""Random requests of random tenants: as many of each route, in an order left to chance, and the same in every run."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.tenants.requests import ROUTES, Asked, asked_of
from tests.tenants.world import TENANTS

_DRAWN = 5
Case = tuple[str, Asked, bool]  # the tenant, what it asks, and whether with a key that is limited to one user


@cache
def cases(at_least: int, favoured: frozenset[str]) -> list[Case]:
    """About so many requests, none of the routes left out.

    Args:
        at_least: how many in all; fewer where a route has not so many different ones.
        favoured: routes that are asked five times as often as the others.
    """
    dice = random.Random(1)
    shares = {route: 5 if route in favoured else 1 for route in ROUTES}
    each = math.ceil(at_least / sum(shares.values()))
    chosen = []
    for route, parts in ROUTES.items():
        # Hypothesis goes on from what it has drawn before: of few examples in a row most are alike.
        drawn = _of(route, parts, _DRAWN * each * shares[route])
        chosen += dice.sample(drawn, min(len(drawn), each * shares[route]))
    dice.shuffle(chosen)
    return chosen


def _of(route: str, parts: Mapping[str, st.SearchStrategy[Any]], each: int) -> list[Case]:
    """Hypothesis only draws them: a leak is no smaller for being shrunk, as it comes from all that was done before."""
    kept: list[Case] = []

    @settings(
        max_examples=each,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(TENANTS), asked_of(route, **parts), st.booleans())
    def keep(tenant: str, request: Asked, limited: bool) -> None:
        kept.append((tenant, request, limited))

    keep()
    return kept
