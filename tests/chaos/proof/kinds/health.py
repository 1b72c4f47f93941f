"""17. Health that is not true; success for what did not happen: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
