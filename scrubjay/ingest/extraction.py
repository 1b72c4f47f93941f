"""Extraction by a language model: turns become candidate facts, each tied to the words that support it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from scrubjay.ingest.quotes import Quotable
from scrubjay.llm import prompts
from scrubjay.llm.structured_output import LONGEST_STATEMENT, Shape, ask, one_line
from scrubjay.llm.usage import paid_by
from scrubjay.model import Extraction, Fact, Guidance, Turn
from scrubjay.offload import off_loop
from scrubjay.ports import GuidanceStore, LanguageModel

_OTHER = prompts.CATEGORIES[-1]

# Far above what a full batch's answer has room for; beyond it an answer has run wild.
_MOST_FACTS = 300
_LONGEST_QUOTE = 4_000
_LONGEST_QUOTES = 100_000  # together


class _Fact(Shape):
    fact: Annotated[str, Field(max_length=LONGEST_STATEMENT), AfterValidator(one_line), Field(min_length=1)]
    category: Annotated[str, StringConstraints(max_length=100)]
    quote: Annotated[str, StringConstraints(max_length=_LONGEST_QUOTE)]


class _Facts(Shape):
    facts: Annotated[list[_Fact], Field(max_length=_MOST_FACTS)]

    @model_validator(mode="after")
    def _quotes_in_measure(self) -> _Facts:
        if sum(len(fact.quote) for fact in self.facts) > _LONGEST_QUOTES:
            raise ValueError(f"the quotes must not have more than {_LONGEST_QUOTES} characters together")
        return self


class ModelExtractor:
    """Asks a language model for a batch's facts; a fact whose quote was never said is dropped.

    Args:
        model: whom to ask.
        guidance: what each tenant adds to the prompt. Turns with other guidance of their own are asked about apart.
    """

    def __init__(self, model: LanguageModel, guidance: GuidanceStore) -> None:
        self._model = model
        self._guidance = guidance

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
        ours = await self._guidance.of(saying[0].scope.tenant)
        facts, dropped = list[Fact](), 0
        for theirs, alike in itertools.groupby(saying, key=lambda turn: turn.guidance):
            extraction = await self._ask_about(list(alike), ours + theirs)
            facts += extraction.facts
            dropped += extraction.dropped
        return Extraction(facts=tuple(facts), dropped=dropped)

    async def _ask_about(self, turns: Sequence[Turn], guidance: Guidance) -> Extraction:
        question = prompts.extraction(turns, guidance)
        with paid_by(turns[0].scope.tenant, [turn.id for turn in turns]):
            answer = await ask(self._model, question, _Facts.model_validate_json)
        characters = sum(len(message.content) for turn in turns for message in prompts.sources(turn))
        return await off_loop(characters, partial(_sourced, answer.facts, turns, guidance))


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
    facts: dict[tuple[_Place, str], Fact] = {}
    dropped, version = 0, prompts.extraction_version(guidance)
    allowed = {name.lower(): name for name in prompts.categories(guidance)}
    quotable = [Quotable([message.content for message in prompts.sources(turn)]) for turn in turns]
    for claim in claims:
        passages = [(number, source.find(claim.quote)) for number, source in enumerate(quotable)]
        places = [_Place(number, *passage) for number, passage in passages if passage is not None]
        dropped += not places
        text, category = claim.fact, one_line(claim.category).lower()
        place = next((place for place in places if (place, text) not in facts), None)
        if place is not None:
            facts[place, text] = Fact(
                turn_id=turns[place.turn].id,
                text=text,
                category=allowed.get(category, _OTHER),
                quote=place.quote,
                prompt_version=version,
            )
    return Extraction(facts=tuple(facts[key] for key in sorted(facts, key=lambda key: key[0])), dropped=dropped)
