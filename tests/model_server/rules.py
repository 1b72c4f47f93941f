"""How the server answers when no script does: simple, deterministic, and a little like a model."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator, Sequence

_SPEAKER = re.compile(r"^(user|assistant|tool)(?: \([^)]*\))?: (.*)$")
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_ABOUT_ONESELF = re.compile(r"\b(?:I|[Mm]y)\b")
_NUMBERED = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_IS_NOW = re.compile(r"^(.+? is now) ")
_TOLD = re.compile(r"\(= candidate (\d+)\)$")


def extraction(material: str) -> str:
    """Every sentence of the user's that says "I" or "my" and asks nothing is a fact, in its own words."""
    facts = [{"fact": sentence, "category": "personal", "quote": sentence} for sentence in _about_oneself(material)]
    return json.dumps({"facts": facts}, ensure_ascii=False)


def additive_extraction(material: str) -> str:
    """The same facts, the way the mem0ai package wants them; what was said before and what is known are left alone."""
    new = material.partition("## New Messages\n")[2].partition("\n\n## Observation Date")[0]
    memories = [
        {"id": str(number), "text": sentence, "attributed_to": "user"}
        for number, sentence in enumerate(_about_oneself(new))
    ]
    return json.dumps({"memory": memories}, ensure_ascii=False)


def reconciliation(material: str) -> str:
    """Every candidate is new, but what "is now" so supersedes what was known, or told before, to be so."""
    known, _, candidates = material.rpartition("Candidates:")
    decisions = []
    for number, text in _NUMBERED.findall(candidates):
        target = _was_so(known, text, int(number))
        update = {"event": "UPDATE", "target": target, "text": text}
        new = {"event": "ADD", "target": None, "text": None}
        decisions.append({"candidate": int(number), **(new if target is None else update)})
    return json.dumps({"decisions": decisions}, ensure_ascii=False)


def _was_so(known: str, text: str, candidate: int) -> int | None:
    """The number of what is known and begins with the same words: the last one that was told before the candidate."""
    is_now = _IS_NOW.match(text)
    if not is_now:
        return None
    target_of = {}
    for number, other in _NUMBERED.findall(known):
        if other.startswith(is_now[1]):
            before = _TOLD.search(other)
            target_of[int(before[1]) if before else -1] = int(number)
    return next((target_of[number] for number in sorted(target_of, reverse=True) if number < candidate), None)


def chat(material: str) -> str:
    """The user's words, given back."""
    return f"You said: {material}"


def digest(material: str) -> str:
    """A document that holds the memories as they were told."""
    facts = re.findall(r"^\[\d+\] (.+)$", material, flags=re.MULTILINE)
    return json.dumps({"document": json.dumps({"facts": facts})})


def embedding(text: str, dimension: int) -> list[float]:
    """A hashed bag of words of length 1: texts that share words are near, others are not."""
    vector = [0.0] * dimension
    for token in re.findall(r"\w+", text.casefold()) or [""]:
        digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
        vector[int.from_bytes(digest, "big") % dimension] += 1.0
    length = math.hypot(*vector)
    return [value / length for value in vector]


def packed(vector: Sequence[float]) -> str:
    """A vector in the wire's base64 form."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return len(text) // 4 + 1


def _about_oneself(material: str) -> list[str]:
    sentences = (sentence.strip() for line in _lines_of_user(material) for sentence in _BETWEEN_SENTENCES.split(line))
    return [sentence for sentence in sentences if _ABOUT_ONESELF.search(sentence) and not sentence.endswith("?")]


def _lines_of_user(material: str) -> Iterator[str]:
    speaker = ""
    for line in material.splitlines():
        spoken = _SPEAKER.match(line)
        if spoken:
            speaker = spoken[1]
        elif line.startswith(("<turn ", "</turn>")):
            speaker = ""
        if speaker == "user":
            yield spoken[2] if spoken else line
