"""Finding a quote in what was said, in time that grows with the length of the text and not with its product.

A model mends typography and white space when it copies. So both sides are brought to one form, the form is searched
for as it is, and the place is mapped back to the words as they were said.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple

from scrubjay.model.unicode_normalization import normalized

_APOSTROPHES = "'`\N{ACUTE ACCENT}\N{MODIFIER LETTER APOSTROPHE}\u2018\u2019"
_QUOTATION_MARKS = '"\u201c\u201d\u201e\u00ab\u00bb'
_SURROUNDING = _APOSTROPHES + _QUOTATION_MARKS
# A mark of one of these groups stands for any other of its group. Each is one character, so no place moves.
_ONE_FORM = {ord(mark): group[0] for group in (_APOSTROPHES, _QUOTATION_MARKS) for mark in group}
_SPACES, _LONG_RUN = re.compile(r"\s+"), re.compile(r"\s{2,}")
_SHORT = 12  # characters


class Passage(NamedTuple):
    """Where a quote stands, and the words as they stand there.

    Args:
        message: the number of the message.
        offset: in characters of the message as NFC has it.
        quote: the words.
    """

    message: int
    offset: int
    quote: str


class Quotable:
    """Messages in which quotes are looked for. They are brought to one form once, however many quotes there are.

    Args:
        messages: the texts.
    """

    def __init__(self, messages: Sequence[str]) -> None:
        self._texts = [_Text(message) for message in messages]
        self._passages: dict[str, Passage | None] = {}

    def find(self, quote: str) -> Passage | None:
        """The first passage that a quote may mean; None where it was not said.

        Args:
            quote: with any white space between its words, and marks of any form. Marks around the whole of it are
                looked for as well as left out: models add them.
        """
        if quote not in self._passages:
            self._passages[quote] = self._first(quote)
        return self._passages[quote]

    def _first(self, quote: str) -> Passage | None:
        whole = normalized("NFC", quote).strip()
        bare = whole.strip(_SURROUNDING)
        if not bare.strip():
            return None
        forms = dict.fromkeys(_one_form(" ".join(form.split())) for form in (whole, bare))
        # "No" is not said by "Nobody"; but a quote cut off within a word is still a quote, if it is longer than that.
        whole_tokens = len(bare) < _SHORT and bare[:1].isascii() and bare[-1:].isascii()
        for number, text in enumerate(self._texts):
            places = [(text.find(form, whole_tokens=whole_tokens), len(form)) for form in forms]
            stands = [(start, length) for start, length in places if start >= 0]
            if stands:
                start, length = min(stands, key=lambda place: place[0])  # of two at one place the first form
                return Passage(number, *text.as_said(start, start + length))
        return None


class _Text:
    """One message: as said, with one space for each run of white space, and with one form of each mark."""

    def __init__(self, message: str) -> None:
        """Normalize a turn's message to look for a fact's quote: NFC, single spaces, one form of each mark."""
        self._said = normalized("NFC", message)
        self._spaced = _SPACES.sub(" ", self._said)
        self._formed = _one_form(self._spaced)
        self._runs: list[tuple[int, int]] | None = None

    def find(self, form: str, *, whole_tokens: bool) -> int:
        """Where a form stands first, -1 for nowhere; with `whole_tokens` no letter may stand before or behind it."""
        start = self._formed.find(form)
        while whole_tokens and start >= 0 and self._cuts_a_token(start, start + len(form)):
            start = self._formed.find(form, start + 1)
        return start

    def _cuts_a_token(self, start: int, end: int) -> bool:
        return _is_of_a_token(self._spaced[start - 1 : start]) or _is_of_a_token(self._spaced[end : end + 1])

    def as_said(self, start: int, end: int) -> tuple[int, str]:
        """The offset and the words of a place, which neither begins nor ends with a space."""
        begins, ends = self._offset(start), self._offset(end - 1) + 1
        return begins, self._said[begins:ends]

    def _offset(self, place: int) -> int:
        """Where a character of the spaced text stands in the text as said."""
        if len(self._said) == len(self._spaced):
            return place
        if self._runs is None:
            self._runs = _longer_runs(self._said)
        before = bisect.bisect_right(self._runs, place, key=lambda run: run[0])
        return place + (self._runs[before - 1][1] if before else 0)


def _longer_runs(message: str) -> list[tuple[int, int]]:
    """Each longer run of white space: the place behind it in the spaced text, and how many characters were dropped."""
    runs, dropped = list[tuple[int, int]](), 0
    for run in _LONG_RUN.finditer(message):
        dropped += run.end() - run.start() - 1
        runs.append((run.end() - dropped, dropped))
    return runs


def _one_form(text: str) -> str:
    return text.translate(_ONE_FORM)


def _is_of_a_token(char: str) -> bool:
    return char.isalnum() or char == "_"
