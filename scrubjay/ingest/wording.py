"""The words of statements: which are the same, and what one has of another."""

from __future__ import annotations

from collections.abc import Iterable

from scrubjay.model.unicode_normalization import normalized

_FILLERS = frozenset({"a", "an", "the", "really", "very", "just", "quite", "actually"})
# Sentence punctuation at the ends of words, after NFKC; signs that carry meaning (+ # % $ < -) are none.
_QUOTATION_MARKS = "\"'\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a\u00ab\u00bb\u300c\u300d\u300e\u300f"
_OPENING = _QUOTATION_MARKS + "([{\u00bf\u00a1"
_CLOSING = _QUOTATION_MARKS + ")]}.,;:!?\u3001\u3002"
_DASHES = "-\u2010\u2013\u2014"
_DISTINCTIVE_LETTERS = 5  # a shorter word without a capital or a digit tells of nobody


def words(text: str) -> tuple[str, ...]:
    """The words of a statement without case and sentence punctuation; numbers and signs stay as they are."""
    return tuple(word.casefold() for word in _bare(text))


def gist(text: str) -> tuple[str, ...]:
    """The words of a statement without fillers; a capital "A" or "The" inside of it is a name and stays."""
    words = enumerate(_bare(text))
    kept = (w for n, w in words if w.casefold() not in _FILLERS or not (w.islower() or n == 0))
    return tuple(word.casefold() for word in kept)


def _bare(text: str) -> list[str]:
    words = normalized("NFKC", text).split()
    bare = (word.lstrip(_OPENING).rstrip(_CLOSING) for word in words)
    return [word for word in bare if word.strip(_DASHES)]


def adds_to(merged: str, known: str, new: str) -> bool:
    """Whether a merged wording keeps all that only the known statement tells, beside what the new one does.

    Where it has left something of that out, the new statement takes the known one's place.
    """
    only_known = {word for word in gist(known) if word not in words(new)}
    return bool(only_known) and only_known <= set(words(merged))


def carries(merged: str, others: Iterable[str], own: Iterable[str]) -> bool:
    """Whether a merged wording has a distinctive word of some other statements that none of its own has."""
    from_own = {word for text in own for word in words(text)}
    from_others = {word for text in others for word in words(text)} - from_own
    return any(word.casefold() in from_others for word in _bare(merged) if _is_distinctive(word))


def _is_distinctive(word: str) -> bool:
    return len(word) >= _DISTINCTIVE_LETTERS or not word.islower()
