"""The mask: secrets by the patterns of detect-secrets and a few of our own, card numbers and IBANs by python-stdnum.

It stands in the way of every turn: a text without anything that a secret needs costs a few microseconds, and each
finder is asked only about texts that hold one of its hints. Every pattern is bounded or possessive: the time grows with
the length of a text and not with its square.
"""

from __future__ import annotations

import re

from scrubjay.safety.detectors.finding import Finder, replaced
from scrubjay.safety.detectors.numbers import find_cards, find_ibans
from scrubjay.safety.detectors.passwords import BEARERS, IN_SENTENCES
from scrubjay.safety.detectors.private_keys import PRIVATE_KEYS
from scrubjay.safety.detectors.tokens import SHORT, SHORTEST_TOKEN, TOKENS

_HINTS = [(hint, finder) for finder in (*SHORT, *IN_SENTENCES) for hint in finder.hints]
_ASCII_HINTS = [(hint, finder) for hint, finder in _HINTS if hint.isascii()]
# What is no shorter than a token; of what begins at one place, the first names the kind.
_LONG = (PRIVATE_KEYS, *TOKENS, BEARERS)
# One pass, token by token: a search would begin anew at every character.
_LONG_TOKEN = re.compile(rf"(?:[^ ]{{0,{SHORTEST_TOKEN - 1}}}+ )*+[^ ]{{{SHORTEST_TOKEN}}}")


class SecretMask:
    """The port `Mask` over all kinds of secrets that we know."""

    def __call__(self, text: str) -> str:
        """Mask a text by the detectors of secrets whose hints it holds, and by those of card numbers and IBANs.

        Returns the text with each secret replaced by what kind of secret it was.
        """
        lower = text.lower()
        # Of finders that find the same, the first names its kind: a token's form tells more than its sentence.
        finders: list[Finder] = []
        if _LONG_TOKEN.match(text) is not None:
            finders += [finder for finder in _LONG if any(hint in text for hint in finder.hints)]
        finders += [finder for hint, finder in (_ASCII_HINTS if lower.isascii() else _HINTS) if hint in lower]
        spans = [span for finder in dict.fromkeys(finders) for span in finder.find(text)]
        if any(map(text.__contains__, "0123456789")):
            spans += [*find_ibans(text), *find_cards(text)]
        return replaced(text, spans) if spans else text
