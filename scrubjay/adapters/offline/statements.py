"""Finds in a sentence what its speaker states about themselves: in first person, asserted, not just for the moment."""

from __future__ import annotations

from typing import NamedTuple

from scrubjay.adapters.offline import passing, phrases

_FEWEST = 3  # words of a statement: "I'm vegan" has three
_SHORT = 8  # words: statements joined by "and" are told apart only when all are as short as this


class Statement(NamedTuple):
    """A statement by its place in the sentence.

    `dangling`: it leans on words said before ("I bought it in May"). `specific`: it names or numbers something, so even
    when it dangles it tells something by itself ("I've been crushing it in Ticket to Ride").
    """

    start: int
    end: int
    dangling: bool = False
    specific: bool = True


def statements(sentence: str) -> list[Statement]:
    """The statements about the speaker in a plain sentence, in order; none when it asks, supposes or talks of else."""
    start = after_openers(sentence)
    if phrases.STANDING_WISH.match(sentence, start) and not sentence.endswith("?"):
        return [Statement(start, len(sentence))]
    start, end = _asserted(sentence, start)
    pieces = _pieces(sentence, start, end)
    if len(pieces) > 1 and all(_short(sentence[first:last]) for first, last in pieces):
        judged = [_judged(sentence, first, last) for first, last in pieces]
        if all(statement is not None and not statement.dangling for statement in judged):
            return [statement for statement in judged if statement is not None]
    tails = (_judged(sentence, first, end) for first, _ in pieces)
    return [tail for tail in tails if tail][:1]


def continues(sentence: str) -> bool:
    """Whether a sentence goes on about a person just spoken of ("She works in Rome.")."""
    return not sentence.endswith("?") and bool(phrases.FOLLOW_UP.match(sentence))


def after_openers(sentence: str) -> int:
    """Where the point begins, after "By the way," and the like."""
    start = 0
    while (opener := phrases.OPENER.match(sentence, start)) and opener.end() < len(sentence):
        start = opener.end()
    return start


def _asserted(sentence: str, start: int) -> tuple[int, int]:
    """The part of a sentence that is neither question nor request; of those, the reason given ("since I'm vegan")."""
    end = _before_ask(sentence, start)
    if end > start:
        clause = phrases.SUBORDINATE.match(sentence, start)
        if not clause or end == len(sentence) or "," in sentence[start:end]:
            return start, end
        return (clause.end(), end) if clause["given"] else (start, start)
    reason = phrases.REASON.search(sentence, start)
    return (reason.end(), len(sentence.rstrip("?!. "))) if reason else (start, start)


def _before_ask(sentence: str, start: int) -> int:
    """Where the statement in front of a question or request ends; `start` when there is none in front."""
    asks = sentence.endswith("?")
    ask = phrases.ASK if asks else phrases.REQUEST
    if ask.match(sentence, start) and not passing.WISH_FOR_LIFE.match(sentence, start):
        return start
    for boundary in phrases.BOUNDARY.finditer(sentence, start):
        if ask.match(sentence, boundary.end()):
            return boundary.start()
    return start if asks else len(sentence)


def _pieces(sentence: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split a sentence where a next first-person statement begins (", and I ..."), for the extractor by rules."""
    joints = list(phrases.NEXT_STATEMENT.finditer(sentence, start, end))
    firsts = [start, *(joint.end() for joint in joints)]
    lasts = [*(joint.start() for joint in joints), end]
    return list(zip(firsts, lasts, strict=True))


def _short(text: str) -> bool:
    return len(text.split()) <= _SHORT


def _judged(sentence: str, start: int, end: int) -> Statement | None:
    """Judge by regular expressions whether a clause states something lasting in the first person; None if not."""
    clause = sentence[start:end]
    label = phrases.LABEL.match(clause)
    point = label.end() if label else 0
    subject = _subject(clause, point)
    if subject is None or not _lasting(clause[point:], clause[subject:]):
        return None
    pronoun = phrases.PRONOUN.search(clause, subject)
    dangling = pronoun is not None and not phrases.NOUN.search(clause, point + 1, pronoun.start())
    return Statement(start, end, dangling, bool(phrases.SPECIFIC.search(clause, point + 1)))


def _subject(clause: str, point: int) -> int | None:
    """Where the first person begins: at once ("I …", "My sister …"), or after a lead-in ("In 2019 I …")."""
    if phrases.DIRECT.match(clause, point):
        return point
    lead_in = phrases.LEAD_IN.match(clause, point)
    if not lead_in or phrases.INVERTED.search(clause, point, lead_in.start("subject")):
        return None
    return lead_in.start("subject")


def _lasting(clause: str, predication: str) -> bool:
    """Whether a clause is worth keeping beyond this conversation.

    Args:
        clause: the whole of it.
        predication: its part from the subject on.
    """
    if len(clause.replace("'", " ").split()) < _FEWEST or passing.HYPOTHETICAL.match(clause):
        return False
    if passing.WISH_FOR_LIFE.match(predication):
        return True
    talk = (passing.PASSING, passing.PEOPLE_IN_GENERAL, passing.NOT_ABOUT_ME)
    return not any(pattern.match(predication) for pattern in talk)
