"""The mutations of each kind of fault that outsiders found, numbered on from the ten invariants."""

from __future__ import annotations

from tests.chaos.proof.kinds import (
    clocks,
    failover,
    health,
    hostile,
    lane_names,
    large_work,
    lists,
    poison,
    scopes,
    shares,
    stores,
    surfaces,
    tenants,
)
from tests.chaos.proof.mutation import Mutation

KINDS: dict[int, tuple[Mutation, ...]] = {
    11: clocks.MUTATIONS,
    12: (*large_work.MUTATIONS, *lists.MUTATIONS),
    13: hostile.MUTATIONS,
    14: failover.MUTATIONS,
    15: tenants.MUTATIONS,
    16: stores.MUTATIONS,
    17: health.MUTATIONS,
    18: scopes.MUTATIONS,
    19: shares.MUTATIONS,
    20: poison.MUTATIONS,
    21: surfaces.MUTATIONS,
    22: lane_names.MUTATIONS,
}
