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
_LONG, _SEVERAL = 5, 2  # so many words of so many letters are not in a wording by chance
_FIRST_WITHOUT_SPACES = "\u2e80"  # from here on: Chinese and Japanese characters


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
    only_known = {unit for word in gist(known) for unit in _units(word)} - {u for w in words(new) for u in _units(w)}
    return bool(only_known) and only_known <= {unit for word in words(merged) for unit in _units(word)}


def carries(merged: str, others: Iterable[str], own: Iterable[str]) -> bool:
    """Whether a merged wording has what only other statements tell: a name or a number of theirs, or several words."""
    from_own = {word for text in own for word in words(text)}
    from_others = {word for text in others for word in words(text)} - from_own
    carried = {word for place, word in enumerate(_bare(merged)) if word.casefold() in from_others and place}
    names = [word for word in carried if not word.islower()]
    return bool(names) or sum(len(word) >= _LONG for word in carried) >= _SEVERAL


def _units(word: str) -> tuple[str, ...]:
    """What a word is compared by: itself, or its characters in scripts that set no spaces between words."""
    return tuple(word) if any(char >= _FIRST_WITHOUT_SPACES for char in word) else (word,)
