"""Extraction by a language model: turns become candidate facts, each tied to the words that support it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from memory import prompts
from memory.ask import LONGEST_STATEMENT, Shape, ask
from memory.model import Extraction, Fact, Turn
from memory.ports import LanguageModel

# Models mend typography when they copy: a mark of one of these groups stands for any other of its group.
_APOSTROPHES = "'`\N{ACUTE ACCENT}\N{MODIFIER LETTER APOSTROPHE}\u2018\u2019"
_QUOTATION_MARKS = '"\u201c\u201d\u201e\u00ab\u00bb'
_SURROUNDING = _APOSTROPHES + _QUOTATION_MARKS

# Far above what a full batch's answer has room for; beyond it an answer has run wild.
_MOST_FACTS = 300
_LONGEST_QUOTE = 4_000


class _Fact(Shape):
    fact: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_STATEMENT)]
    category: Annotated[str, StringConstraints(max_length=100)]
    quote: Annotated[str, StringConstraints(max_length=_LONGEST_QUOTE)]


class _Facts(Shape):
    facts: Annotated[list[_Fact], Field(max_length=_MOST_FACTS)]


class ModelExtractor:
    """Asks a language model for a batch's facts in one call; a fact whose quote was never said is dropped."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def prompt_version(self) -> str:
        """The extraction prompt's hash."""
        return prompts.EXTRACTION.version

    async def ping(self) -> None:
        """Return when the model answers; raises ModelUnavailable."""
        await self._model.ping()

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """Find the facts in turns of one lane, oldest first; without anything said the model is not asked.

        Raises ModelUnavailable, BadAnswer or ModelRejected.
        """
        if not any(prompts.spoken(turn) for turn in turns):
            return Extraction()
        question = prompts.extraction(turns)
        answer, usage = await ask(self._model, question, _Facts.model_validate_json)
        facts, dropped = _sourced(answer.facts, turns)
        return Extraction(facts=facts, dropped=dropped, usage=usage)


class _Place(NamedTuple):
    """Where a quote was said, and the words as they stand there; places sort in the order said."""

    turn: int
    message: int
    offset: int
    quote: str


def _sourced(claims: Sequence[_Fact], turns: Sequence[Turn]) -> tuple[tuple[Fact, ...], int]:
    """The facts whose quotes were said, in the order said, and how many were dropped because theirs were not.

    The same claim made again is taken to come from the next turn that holds its quote, if there is one.
    """
    found: dict[tuple[_Place, str], Fact] = {}
    dropped = 0
    for claim in claims:
        places = _places(claim.quote, turns)
        dropped += not places
        text, category = _one_line(claim.fact), _one_line(claim.category).lower() or "other"
        place = next((place for place in places if (place, text) not in found), None)
        if place is not None:
            turn_id = turns[place.turn].id
            found[place, text] = Fact(turn_id=turn_id, text=text, category=category, quote=place.quote)
    return tuple(found[key] for key in sorted(found, key=lambda key: key[0])), dropped


def _places(quote: str, turns: Sequence[Turn]) -> list[_Place]:
    """The first place in each turn that holds the quote."""
    pattern = _pattern(quote)
    places = [_place(pattern, number, turn) for number, turn in enumerate(turns)] if pattern else []
    return [place for place in places if place is not None]


def _place(pattern: re.Pattern[str], number: int, turn: Turn) -> _Place | None:
    for index, message in enumerate(prompts.spoken(turn)):
        if match := pattern.search(unicodedata.normalize("NFC", message.content)):
            return _Place(number, index, match.start(), match[0])
    return None


def _pattern(quote: str) -> re.Pattern[str] | None:
    """What finds a quote: its words with any white space between, marks of any form; None without words.

    Marks around the whole quote are looked for as well as left out: models add them.
    """
    given = unicodedata.normalize("NFC", quote).strip()
    bare = given.strip(_SURROUNDING)
    forms = (r"\s+".join("".join(map(_any_form, word)) for word in form.split()) for form in (given, bare))
    return re.compile("|".join(forms)) if bare.strip() else None


def _any_form(char: str) -> str:
    for forms in (_APOSTROPHES, _QUOTATION_MARKS):
        if char in forms:
            return f"[{forms}]"
    return re.escape(char)


def _one_line(text: str) -> str:
    return " ".join(text.split())
