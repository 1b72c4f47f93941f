"""One mechanism that is taken out of a copy of the tree, and the test that must notice."""

from __future__ import annotations

from dataclasses import dataclass

LUA = "scrubjay/adapters/redis/lua"


@dataclass(frozen=True)
class Edit:
    """One replacement in one file.

    Args:
        file: its path in the tree.
        old: the text as it stands there, once.
        new: what stands there instead.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """One mechanism, taken out.

    Args:
        invariant: its number: 1 to 10 of the invariants, 11 to 18 of the kinds of fault in `tests.chaos.proof.kinds`.
        what: what is gone, in a sentence.
        test: the node id of the test that must fail.
        edits: how it is taken out.
    """

    invariant: int
    what: str
    test: str
    edits: tuple[Edit, ...]


def one(invariant: int, what: str, test: str, file: str, old: str, new: str) -> Mutation:
    """A mutation of a single edit."""
    return Mutation(invariant, what, test, (Edit(file, old, new),))
