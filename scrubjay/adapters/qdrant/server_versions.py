"""What Qdrant servers of different versions can do for us: 1.17 or newer is needed, from 1.20 on they can do all."""

from __future__ import annotations

import re

from scrubjay.errors import StoreUnavailable
from scrubjay.model import Value

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_OLDEST = (1, 17, 0)
_TERMS_BY_OWNER = (1, 19, 0)
_SUBSTRINGS = (1, 20, 0)
_LAST_TEXT_BY_PARTS = (1, 19, 0)  # later ones compare whole words in a field without an index


class Version(Value):
    """A server's version.

    Args:
        name: as the server tells it; empty where it does not tell one that can be read.
        numbers: its three numbers; of a server that does not tell it, those of one that can do everything.
    """

    name: str = ""
    numbers: tuple[int, int, int] = _SUBSTRINGS

    @classmethod
    def read(cls, text: str) -> Version:
        """The version that a text tells, such as 1.18.3 or 1.20.0-dev."""
        match = _NUMBERS.match(text)
        if match is None:
            return cls()
        major, minor, patch = match.groups(default="0")
        return cls(name=match[0], numbers=(int(major), int(minor), int(patch)))

    def require(self) -> None:
        """Raises StoreUnavailable where the server is too old for everything that we do."""
        if self.numbers < _OLDEST:
            raise StoreUnavailable(f"Qdrant {self.name} is too old: 1.17 or newer is needed, 1.20 for everything")

    @property
    def counts_terms_by_owner(self) -> bool:
        """Whether term statistics can be those of a part of the collection (`params.idf.corpus`)."""
        return self.numbers >= _TERMS_BY_OWNER

    @property
    def has_substrings(self) -> bool:
        """Whether a filter can test for a part of a text (`match.substring`)."""
        return self.numbers >= _SUBSTRINGS

    @property
    def has_text_by_parts(self) -> bool:
        """Whether `match.text` tests for a part of the text, in a field without an index."""
        return self.numbers <= _LAST_TEXT_BY_PARTS

    @property
    def limits(self) -> tuple[str, ...]:
        """What the server cannot do for us, each in one sentence."""
        limits = []
        if not self.name:
            limits.append("Qdrant does not tell its version: 1.20 is assumed")
        if not self.counts_terms_by_owner:
            limits.append(
                f"Qdrant {self.name} counts how rare a word is over all owners, so that what others keep moves scores: "
                "from 1.19 on it is counted for each owner"
            )
        if not self.has_substrings:
            limits.append(
                f"Qdrant {self.name} tests for a part of a text (`contains`) only in fields without a text index"
                if self.has_text_by_parts
                else f"Qdrant {self.name} cannot test for a part of a text: filters with `contains` or `icontains` on "
                "texts are refused; from 1.20 on it can"
            )
        return tuple(limits)
