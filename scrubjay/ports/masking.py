"""The port to what takes secrets out of texts."""

from __future__ import annotations

from typing import Protocol


class Mask(Protocol):
    """Takes out of a text what must not be remembered. Masking twice is masking once."""

    def __call__(self, text: str) -> str:
        """Protocol method: the text with each secret replaced by the kind of secret it was: `[masked: card number]`."""


def unmasked(text: str) -> str:
    """The trivial implementation of the protocol `Mask`, for where masking is switched off: the text as it is."""
    return text
