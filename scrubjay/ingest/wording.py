"""The tokens of statements: which are the same, and what one has of another."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scrubjay.model.unicode_normalization import normalized

_FILLERS = frozenset({"a", "an", "the", "really", "very", "just", "quite", "actually"})
# Sentence punctuation at the ends of words, after NFKC; signs that carry meaning (+ # % $ < -) are none.
_QUOTATION_MARKS = "\"'\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a\u00ab\u00bb\u300c\u300d\u300e\u300f"
_OPENING = _QUOTATION_MARKS + "([{\u00bf\u00a1"
_CLOSING = _QUOTATION_MARKS + ")]}.,;:!?\u3001\u3002"
_DASHES = "-\u2010\u2013\u2014"
_TOKEN = re.compile(r"\w+")
# Tokens that tell of nobody: one of these may come from anywhere.
_STOP_TOKENS = re.compile(
    r"a|about|after|all|also|an|and|any|are|as|at|be|been|before|but|by|can|could|did|do|does|for|from|had|has|have|he|her|him|"
    r"his|how|i|if|in|into|is|it|its|just|me|more|most|my|named|no|not|now|of|on|one|or|our|over|s|she|so|some|still|such|than|"
    r"that|the|their|them|then|there|these|they|this|those|to|too|under|until|up|us|user|very|was|we|were|what|when|where|which|"
    r"while|who|will|with|would|you|your"
)
_FIRST_WITHOUT_SPACES = "\u2e80"  # from here on: Chinese and Japanese characters


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a statement without case and sentence punctuation; numbers and signs stay as they are."""
    return tuple(token.casefold() for token in _bare(text))


def gist(text: str) -> tuple[str, ...]:
    """The tokens of a statement without fillers; a capital "A" or "The" inside of it is a name and stays."""
    numbered = enumerate(_bare(text))
    kept = (w for n, w in numbered if w.casefold() not in _FILLERS or not (w.islower() or n == 0))
    return tuple(token.casefold() for token in kept)


def _bare(text: str) -> list[str]:
    pieces = normalized("NFKC", text).split()
    bare = (piece.lstrip(_OPENING).rstrip(_CLOSING) for piece in pieces)
    return [token for token in bare if token.strip(_DASHES)]


def adds_to(merged: str, known: str, new: str) -> bool:
    """Whether a merged wording keeps all that only the known statement tells, beside what the new one does.

    Where it has left something of that out, the new statement takes the known one's place.
    """
    only_known = {unit for token in gist(known) for unit in _units(token)} - {u for w in tokens(new) for u in _units(w)}
    return bool(only_known) and only_known <= {unit for token in tokens(merged) for unit in _units(token)}


def carries(merged: str, others: Iterable[str], own: Iterable[str]) -> bool:
    """Whether a merged wording has a token that only other statements have, and that is no stop token."""
    carried = _units_of([merged]) & _units_of(others)
    return any(not _STOP_TOKENS.fullmatch(token) for token in carried - _units_of(own))


def _units_of(texts: Iterable[str]) -> set[str]:
    matches = (token for text in texts for token in _TOKEN.findall(normalized("NFKC", text).casefold()))
    return {unit for token in matches for unit in _units(token)}


def _units(token: str) -> tuple[str, ...]:
    """What a word is compared by: itself, or its characters in scripts that set no spaces between words."""
    return tuple(token) if any(char >= _FIRST_WITHOUT_SPACES for char in token) else (token,)
