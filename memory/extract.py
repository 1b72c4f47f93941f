"""Extraction by a language model: turns become candidate facts, each tied to the words that support it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints

from memory import prompts
from memory.ask import LONGEST_STATEMENT, Shape, ask, one_line
from memory.model import Extraction, Fact, Guidance, Turn
from memory.ports import GuidanceBook, LanguageModel
from memory.spending import paid_by

# Models mend typography when they copy: a mark of one of these groups stands for any other of its group.
_APOSTROPHES = "'`\N{ACUTE ACCENT}\N{MODIFIER LETTER APOSTROPHE}\u2018\u2019"
_QUOTATION_MARKS = '"\u201c\u201d\u201e\u00ab\u00bb'
_OTHER = prompts.CATEGORIES[-1]
_SURROUNDING = _APOSTROPHES + _QUOTATION_MARKS

# Far above what a full batch's answer has room for; beyond it an answer has run wild.
_MOST_FACTS = 300
_LONGEST_QUOTE = 4_000


class _Fact(Shape):
    fact: Annotated[str, Field(max_length=LONGEST_STATEMENT), AfterValidator(one_line), Field(min_length=1)]
    category: Annotated[str, StringConstraints(max_length=100)]
    quote: Annotated[str, StringConstraints(max_length=_LONGEST_QUOTE)]


class _Facts(Shape):
    facts: Annotated[list[_Fact], Field(max_length=_MOST_FACTS)]


class ModelExtractor:
    """Asks a language model for a batch's facts; a fact whose quote was never said is dropped.

    Args:
        model: whom to ask.
        book: what each tenant adds to the prompt. Turns with other guidance of their own are asked about apart.
    """

    def __init__(self, model: LanguageModel, book: GuidanceBook) -> None:
        self._model = model
        self._book = book

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
        """Find the facts in turns of one lane, oldest first; where nothing was said the model is not asked.

        Raises ModelUnavailable, BadAnswer, ModelRejected or InboxUnavailable.
        """
        saying = [turn for turn in turns if prompts.sources(turn)]
        if not saying:
            return Extraction()
        ours = await self._book.of(saying[0].scope.tenant)
        facts, dropped = list[Fact](), 0
        for theirs, alike in itertools.groupby(saying, key=lambda turn: turn.guidance):
            found = await self._asked(list(alike), ours + theirs)
            facts += found.facts
            dropped += found.dropped
        return Extraction(facts=tuple(facts), dropped=dropped)

    async def _asked(self, turns: Sequence[Turn], guidance: Guidance) -> Extraction:
        question = prompts.extraction(turns, guidance)
        with paid_by(turns[0].scope.tenant, [turn.id for turn in turns]):
            answer = await ask(self._model, question, _Facts.model_validate_json)
        return _sourced(answer.facts, turns, guidance)


class _Place(NamedTuple):
    """Where a quote was said, and the words as they stand there; places sort in the order said."""

    turn: int
    message: int
    offset: int
    quote: str


def _sourced(claims: Sequence[_Fact], turns: Sequence[Turn], guidance: Guidance) -> Extraction:
    """The facts whose quotes were said, in the order said, and how many were dropped because theirs were not.

    The same claim made again is taken to come from the next turn that holds its quote, if there is one.
    """
    found: dict[tuple[_Place, str], Fact] = {}
    dropped, version = 0, prompts.extraction_version(guidance)
    allowed = {name.lower(): name for name in prompts.categories(guidance)}
    for claim in claims:
        places = _places(claim.quote, turns)
        dropped += not places
        text, category = claim.fact, one_line(claim.category).lower()
        place = next((place for place in places if (place, text) not in found), None)
        if place is not None:
            found[place, text] = Fact(
                turn_id=turns[place.turn].id,
                text=text,
                category=allowed.get(category, _OTHER),
                quote=place.quote,
                prompt_version=version,
            )
    return Extraction(facts=tuple(found[key] for key in sorted(found, key=lambda key: key[0])), dropped=dropped)


def _places(quote: str, turns: Sequence[Turn]) -> list[_Place]:
    """The first place in each turn that holds the quote."""
    pattern = _pattern(quote)
    places = [_place(pattern, number, turn) for number, turn in enumerate(turns)] if pattern else []
    return [place for place in places if place is not None]


def _place(pattern: re.Pattern[str], number: int, turn: Turn) -> _Place | None:
    for index, message in enumerate(prompts.sources(turn)):
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
