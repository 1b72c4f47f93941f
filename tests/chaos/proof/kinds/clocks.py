"""11. Clocks are trusted: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
