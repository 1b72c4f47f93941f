"""The extractor that needs no model: it keeps, by rule, what users state about themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scrubjay.adapters.offline.categories import category, sides
from scrubjay.adapters.offline.prose import Sentence, plain, sentences
from scrubjay.adapters.offline.statements import Statement, continues, statements
from scrubjay.model import Extraction, Fact, Role, Turn

_LONGEST_FACT = 400  # characters that sentences leaning on each other may fill together
_GAP = 2  # characters of white space between such sentences


class OfflineExtractor:
    """Finds first-person statements in user messages; deterministic, English only, and no judge of what matters.

    A fact is the statement in the user's own wording ("I moved to Lisbon last week"): wrongly rewritten would be worse.
    Relative dates stay as said. Questions, requests, suppositions, quoted and pasted text, code, role-play, and talk
    about the conversation itself are left out, as is everything said about others ("Rachel moved to Chicago").
    A sentence that leans on the one before ("I got it in May.") is kept together with it. In lanes of agents and runs
    it does the same: what the user states.
    """

    name = "offline"
    prompt_version: str | None = None

    async def ping(self) -> None:
        """Return: rules cannot be away."""

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """The facts in the order said; the same text twice in one turn is one fact. Takes any text, never raises."""
        return Extraction(facts=tuple(fact for turn in turns for fact in _facts(turn)))


@dataclass
class _Span:
    """A statement by its place in the message; it grows when the next sentence leans on it."""

    start: int
    end: int


def _facts(turn: Turn) -> Iterator[Fact]:
    """Extract the facts of a turn's user messages by rules, with no model; the same text in any case counts once."""
    texts: set[str] = set()
    for message in turn.messages:
        if message.role is Role.USER:
            for fact in _facts_in(message.content, turn.id):
                if fact.text.casefold() not in texts:
                    texts.add(fact.text.casefold())
                    yield fact


def _facts_in(message: str, turn_id: str) -> Iterator[Fact]:
    """Extract facts from a user's message by rules, with no model: statements, and the sides of a described project."""
    for span in _spans(plain(message)):
        quote = message[span.start : span.end]
        text = _sentence(quote)
        yield Fact(turn_id=turn_id, text=text, category=category(plain(text)), quote=quote)
        for name, side in sides(plain(text)):
            yield Fact(turn_id=turn_id, text=side, category=name, quote=quote)


def _spans(text: str) -> list[_Span]:
    """Find a message's first-person statements by rules, with no model; each goes on over sentences that lean on it."""
    spans: list[_Span] = []
    near: _Span | None = None  # the statement that the sentence before made or went on with
    for sentence in sentences(text):
        near = near if sentence.follows else None
        wording = text[sentence.start : sentence.end]
        stated = statements(wording)
        for statement in stated:
            near = _placed(statement, sentence, near, spans)
        if not stated:
            leans = near is not None and continues(wording) and _extend(near, sentence, sentence.end)
            near = near if leans else None
    return spans


def _placed(statement: Statement, sentence: Sentence, near: _Span | None, spans: list[_Span]) -> _Span | None:
    """Put a statement down, as a continuation or by itself; None when it says nothing without what was not kept."""
    end = sentence.start + statement.end
    if statement.dangling and near is not None and _extend(near, sentence, end):
        return near
    if statement.dangling and not statement.specific:
        return None
    spans.append(_Span(sentence.start + statement.start, end))
    return spans[-1]


def _extend(near: _Span, sentence: Sentence, end: int) -> bool:
    """Let a statement that the rules have found reach over a sentence that leans on it; False if it does not fit."""
    # Not across a question that was cut off the statement.
    fits = sentence.start - near.end <= _GAP and end - near.start <= _LONGEST_FACT
    if fits:
        near.end = end
    return fits


def _sentence(quote: str) -> str:
    text = " ".join(quote.split())
    return text[:1].upper() + text[1:]
