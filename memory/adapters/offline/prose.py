"""Finds the sentences of a message that its writer says in person: no code, no quotations, no pasted or ordered text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_MESSAGE = 2_000  # a longer message is taken to be mostly pasted: only its first and last paragraph are read
MAX_SENTENCE = 600  # longer ones are no statement of one thing

_ROLE_PLAY = re.compile(
    r"\b(?:act(?:ing)? (?:as|like)|role[- ]?play|pretend|imagine (?:that )?(?:you|i|we)\b|you will be playing|"
    r"suppose (?:that )?(?:you|i|we)\b|ignore (?:all )?(?:the )?previous|think like an?\b|your (?:role|persona) is)|"
    r"\A\W*(?:now )?(?:you are|you're|you will be|be) (?:now )?(?:an?|my|the) ",
    re.IGNORECASE,
)
_TEXT_WORK = re.compile(
    r"\A\W*(?:(?:please|now|ok(?:ay)?|can you|could you|would you|will you|help me(?: to)?|i want you to|i need you to|"
    r"i'd like you to|let's|and|then|next|great|also)\W+)*"
    r"(?:re-?write|translate|summari[sz]e|paraphrase|proofread|rephrase|reword|edit|fix|correct|improve|continue|expand|"
    r"shorten|convert|grade|analy[sz]e|review|classify|extract|write|draft|compose|generate|create|make|respond|reply|"
    r"answer|complete|give me|explain|describe|evaluate|change|add|turn|provide|build|design|read)\b",
    re.IGNORECASE,
)
# "Here is the text:", "reply to this email:" hand over to somebody else's words.
_HANDOVER = re.compile(
    r"\b(?:following|below|here(?:'s| is| are)|this|these|the|my|prompt|sentence|question)\b[^:\n]{0,80}:\s*$|"
    r"\b(?:text|e-?mail|article|paragraph|posting|passage|code|message|letter|essay|story|poem|transcript|description|"
    r"resume|cv|prompt|content|input|output|context|caption|script|error|example|query|scenario|post)\b[^:\n]{0,40}:",
    re.IGNORECASE,
)
_ABOUT_ME = re.compile(r"\b(?:me|myself|i|i'm|my)\b[^:\n]{0,60}:", re.IGNORECASE)
_LETTER = re.compile(r"^\s*(?:dear|subject:|to whom)\b", re.IGNORECASE)
_CODE = re.compile(r"[{};=<>|\\]|\w\(|^\s*(?:#|//|\$)|https?://\S+$")
_ITEM = re.compile(r"\s*(?:[-*+•–]|\d{1,2}[.)])\s+")
_FIRST_PERSON = re.compile(r"(?:i|i'm|i've|my|we|our)\b", re.IGNORECASE)
_SPEAKER = re.compile(r"\s*[A-Z][a-z]{1,15}(?: [A-Z][a-z]{1,15})?:\s")
# A sentence ends at its marks (and closing quotes) before white space.
_END = re.compile(r"[.!?…]+[\"')\]”’]*(?=\s|$)")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|approx|u\.s|mt|ft)\.$", re.IGNORECASE)


class Sentence(NamedTuple):
    """A sentence by its place in the message. `follows`: the sentence before it stands directly before it."""

    start: int
    end: int
    follows: bool


def sentences(message: str) -> Iterator[Sentence]:
    """The sentences that the writer of a message says in person, in order. Takes any text; linear in its length."""
    text = message.replace("\u2019", "'")  # one character for one, so places stay true
    if _ROLE_PLAY.search(text[:MAX_MESSAGE]):
        return
    lines = list(_own_lines(text))
    if len(text) > MAX_MESSAGE:
        lines = [lines[0], lines[-1]] if len(lines) > 1 else []
    for start, end in lines:
        follows = False
        for sentence_start, sentence_end in _split(text, start, end):
            sentence = text[sentence_start:sentence_end]
            if len(sentence) <= MAX_SENTENCE and sentence.count('"') % 2 == 0:
                yield Sentence(sentence_start, sentence_end, follows)
                follows = True
            else:
                follows = False
            if _HANDOVER.search(sentence) and not _ABOUT_ME.search(sentence):
                return


def _own_lines(text: str) -> Iterator[tuple[int, int]]:
    """The lines (start and end) that may be the writer's own prose."""
    fenced = False
    several = "\n" in text.strip()
    speakers = sum(1 for line in text.split("\n") if _SPEAKER.match(line)) if several else 0
    if several and _TEXT_WORK.match(text):
        return
    at = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        bare = line.strip()
        if bare.startswith(("```", "~~~", '"""')):
            fenced = not fenced
        if _LETTER.match(line):
            return
        item = _ITEM.match(line)
        if item:
            start += item.end()
        if (
            not bare
            or fenced
            or bare.startswith((">", "```", "~~~", "|", "#"))
            or line.startswith(("    ", "\t"))
            or _CODE.search(bare[:MAX_MESSAGE])
            or (item and not _FIRST_PERSON.match(text, start))
            or (speakers > 1 and _SPEAKER.match(line))
        ):
            continue
        yield start, at - 1


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark in _END.finditer(text, start, end):
        if mark[0].startswith(".") and len(mark[0]) == 1 and _ABBREVIATION.search(text[max(start, mark.end() - 8) : mark.end()]):
            continue
        yield from _trimmed(text, start, mark.end())
        start = mark.end()
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    sentence = text[start:end]
    stripped = sentence.strip()
    if stripped:
        first = start + sentence.index(stripped)
        yield first, first + len(stripped)
