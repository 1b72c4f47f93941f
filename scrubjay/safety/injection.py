"""Marking: does a text read like an instruction to a prompt that it may one day stand in?

A closed list of what such texts say in several languages, of the signs that divide prompts, and of ways to hide text.
What somebody wants for themselves ("Always answer me in German", "when I ask for food, remember that I am vegan") is a
memory like any other. Every pattern is bounded: the time grows with the length of a text and not with its square.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from enum import StrEnum

from scrubjay.model.unicode_normalization import normalized
from scrubjay.offload import off_loop
from scrubjay.safety.injection_patterns import PATTERNS


class Quarantine(StrEnum):
    """What becomes of a memory that reads like an instruction."""

    MARK = "mark"  # it is marked, and POST /chat leaves it out of its prompt
    HOLD = "hold"  # it is held back until a person releases or discards it
    OFF = "off"  # nothing: nobody looks


# The tags of Unicode spell any ASCII text unseen; their one honest use are the flags of England, Scotland and Wales.
_FLAGS = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{1,8}\U000e007f")
_HIDDEN = re.compile(
    "[\U000e0000-\U000e007f]"
    "|[\u202d\u202e]"  # reverse the order of characters
    "|[\u200b\u200c\u200d\u2060-\u2064\ufeff]{4}"  # characters of no width: one or two shape a term or an emoji
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4}"  # variation selectors, of which a character has one
)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BLOB = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{24,4000}={0,2}(?![\w+/])")
_MOST_BLOBS = 20


def reads_like_an_instruction(text: str) -> bool:
    """Whether a text is to be marked."""
    if not text.isascii() and _HIDDEN.search(_FLAGS.sub("", text)):
        return True
    return _instructs(_plain(text)) or any(_instructs(_plain(decoded)) for decoded in _spelled_out(text))


async def judged(texts: Iterable[str]) -> Callable[[str], bool]:
    """Judge texts, off the event loop where they are long. The patterns run once for each distinct text.

    Returns a function that tells whether a text is to be marked: it has the verdicts on these texts. Another text is
    judged when the function is first called with it, and its verdict is kept as well.
    """
    distinct = list(dict.fromkeys(texts))
    characters = sum(map(len, distinct))
    verdicts = await off_loop(characters, lambda: {text: reads_like_an_instruction(text) for text in distinct})

    def is_instruction(text: str) -> bool:
        if text not in verdicts:
            verdicts[text] = reads_like_an_instruction(text)
        return verdicts[text]

    return is_instruction


def _instructs(plain: str) -> bool:
    return any(pattern.search(plain) for pattern in PATTERNS)


def _plain(text: str) -> str:
    """The text as it is read: without unseen characters, wide characters made narrow, white space as one space a run.

    Ends of lines stay, as what begins a line may be a role.
    """
    if not text.isascii():
        text = _UNSEEN.sub("", normalized("NFKC", text))
    return "\n".join(" ".join(line.split()) for line in text.casefold().splitlines())


def _spelled_out(text: str) -> list[str]:
    """Decode what a text holds in base64, where that is text, to look there for prompt injection (instructions) too."""
    texts = []
    for blob in list(_BLOB.findall(text))[:_MOST_BLOBS]:
        try:
            texts.append(base64.b64decode(blob + "=" * (-len(blob) % 4), validate=True).decode())
        except ValueError:
            continue
    return texts
