"""17. Health that is not true, and success for what did not happen: what is taken out, and which test must notice."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = ()
