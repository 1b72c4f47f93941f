"""Finds the sentences of a message that its writer says in person: no code, quotation, role-play or pasted text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scrubjay.adapters.offline.phrases import anything, pattern

MAX_MESSAGE = 2_000  # of a longer message, mostly pasted, only a short first and last paragraph are read
MAX_SENTENCE = 600  # what is longer is no statement of one thing

# One character for one, so places in the plain text are places in the message.
_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"'})

_ROLE_PLAY = pattern(
    r"\b(?:act(?:ing)? (?:as|like)|role[- ]?play|pretend|imagine (?:that )?(?:you|i|we)|suppose (?:that )?(?:you|i|we)|"
    r"ignore (?:all )?(?:the )?previous|think like an?|your (?:role|persona) is)\b|"
    r"\A\W*(?:now )?(?:you are|you're|you will be|be) (?:now )?(?:an?|my|the) "
)
# A message of several lines that begins with an order about text: what follows is the text.
_POLITE = anything(
    """please | now | ok | can you | could you | would you | will you | help me | to | i want you to | i need you to
    | i would like you to | and | then | next | also"""
)
_TEXT_WORK = pattern(
    rf"\A\W*(?:{_POLITE}\W+)*"
    + anything(
        """rewrite | re-write | translate | summarize | summarise | paraphrase | proofread | rephrase | reword | edit
        | fix | correct | improve | continue | expand | shorten | convert | grade | analyze | analyse | review
        | classify | extract | write | draft | compose | generate | create | make | respond | reply | answer
        | complete | give me | explain | describe | evaluate | change | turn | design | read"""
    )
)
# "Here is the text:", "reply to this email:" hand over to somebody else's words; "about me:" does not.
_HANDOVER = pattern(
    r"\b(?:following|below|here(?:'s| is| are)|this|these|the|my)\b[^:]{0,80}:\s*\Z|"
    r"\b(?:text|e-?mail|article|paragraph|posting|passage|code|message|letter|essay|story|poem|transcript|description|"
    r"resume|cv|prompt|content|input|output|context|caption|script|error|example|query|scenario|post)\b"
    r"(?! #?\d)[^:]{0,40}:"
)
_ABOUT_ME = pattern(r"\b(?:about|remember|note|know)\b[^:]{0,40}\b(?:me|myself|i|i'm|my)\b[^:]{0,40}:")
_SALUTATION = pattern(r"\s*(?:dear\b|subject:|to whom )")
_CODE = re.compile(r"[{};=<>|\\]|\w\(|^(?:#|//|\$)|https?://\S+$")
_FENCES = ("```", "~~~", '"""')
_QUOTED = (">", "|", "#")
_INDENTED = ("    ", "\t")
_ITEM = re.compile(r"\s*(?:[-*+\u2022\u2013]|\d{1,2}[.)])\s+")
_FIRST_PERSON = pattern(r"(?:i|i'm|i've|my|we|we're|our)\b")
_GOES_ON = re.compile(r"[^.!?:\n]\n *(?!i\b)[a-z]")
_SPEAKER = re.compile(r"\s*[A-Z][a-z]{1,15}(?: [A-Z][a-z]{1,15})?:\s")
# A sentence ends at its marks, and closing quotes, before white space. (?<!) and ++ keep long rows of dots linear.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"')\]]*+(?=\s|$)")
_TITLE = re.compile(r"\b(?:[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ss]t|[Ss]gt|[Mm]t|vs|e\.g|i\.e|approx|[A-HJ-Z])\.\Z")
_UNIT = re.compile(r"\b(?:[ap]\.m|etc|inc)\.\Z")
_LONGEST_QUOTE = 300


class Sentence(NamedTuple):
    """A sentence by its place in the message. `follows`: the one before stands directly in front of it."""

    start: int
    end: int
    follows: bool


def plain(message: str) -> str:
    """The message with straight apostrophes and quotation marks, every character where it was."""
    return message.translate(_PLAIN)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences that the writer of a plain message says in person, in order. Linear in the text's length."""
    if _ROLE_PLAY.search(text[:MAX_MESSAGE]):
        return
    for start, end in _paragraphs(text):
        follows = False
        for first, last in _split(text, start, end):
            sentence = text[first:last]
            if _HANDOVER.search(sentence) and not _ABOUT_ME.search(sentence):
                return
            whole = len(sentence) <= MAX_SENTENCE and sentence.count('"') % 2 == 0
            if whole:
                yield Sentence(first, last, follows)
            follows = whole


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Start and end of each paragraph that the extractor by rules reads; none where a message orders work on a text."""
    if "\n" in text.strip() and _TEXT_WORK.match(text[:MAX_SENTENCE]):
        return []
    paragraphs = list(_unwrapped(text, _own_lines(text)))
    if len(text) > MAX_MESSAGE:
        return [(start, end) for start, end in (paragraphs[:1] + paragraphs[1:][-1:]) if end - start <= MAX_SENTENCE]
    return paragraphs


def _own_lines(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line that the extractor by rules may read as prose of the writer's own.

    Fenced code, dialogue, and all from the start of a letter are left out.
    """
    lines = text.split("\n")
    dialogue = sum(1 for line in lines if _SPEAKER.match(line)) > 1
    fenced = False
    at = 0
    for line in lines:
        start, at = at, at + len(line) + 1
        if line.lstrip().startswith(_FENCES):
            fenced = not fenced
        elif _SALUTATION.match(line):
            return
        elif not fenced and not (dialogue and _SPEAKER.match(line)) and _prose(line):
            item = _ITEM.match(line)
            yield start + (item.end() if item else 0), at - 1


def _unwrapped(text: str, lines: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines, with those put together that were only wrapped: the next goes on in small letters."""
    whole: tuple[int, int] | None = None
    for start, end in lines:
        if whole and whole[1] == start - 1 and _GOES_ON.match(text, start - 2):
            whole = whole[0], end
        else:
            if whole:
                yield whole
            whole = start, end
    if whole:
        yield whole


def _prose(line: str) -> bool:
    """Whether the extractor by rules may read a line as prose: no code, quotation or indented text.

    An item of a list counts when it begins in the first person.
    """
    item = _ITEM.match(line)
    if item:
        return bool(_FIRST_PERSON.match(line, item.end()))
    bare = line.strip()
    return bool(bare) and not bare.startswith(_QUOTED) and not line.startswith(_INDENTED) and not _CODE.search(bare)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split a paragraph into sentences by regular expressions, for the extractor by rules: start and end of each."""
    for mark in _END.finditer(text, start, end):
        if not _inside(text, start, mark):
            yield from _trimmed(text, start, mark.end())
            start = mark.end()
    yield from _trimmed(text, start, end)


def _inside(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether a mark ends no sentence: it belongs to an abbreviation, an initial, or stands within a quotation."""
    if text.count('"', start, mark.end()) % 2 and text.find('"', mark.end(), mark.end() + _LONGEST_QUOTE) >= 0:
        return True
    before, after = text[max(start, mark.end() - 8) : mark.end()], text[mark.end() : mark.end() + 3]
    title = _TITLE.search(before) and after != " I "
    return bool(title or (_UNIT.search(before) and after[1:2].islower()))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of a sentence without white space around it, for the extractor by rules; none if it is blank."""
    sentence = text[start:end]
    bare = sentence.strip()
    if bare:
        first = start + sentence.index(bare)
        yield first, first + len(bare)
