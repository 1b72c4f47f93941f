"""16. A store that is not our own engine server: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
