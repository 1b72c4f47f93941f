"""Finds in a sentence what its speaker states about themselves: first person, asserted, clear by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Statement(NamedTuple):
    """A clause by its place in the sentence. `dangling`: it leans on a word said before ("I bought it in May")."""

    start: int
    end: int
    dangling: bool


def _words(*alternatives: str) -> str:
    return "(?:" + "|".join(alternatives) + ")"


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


# What people say before they come to the point.
_OPENER = _pattern(
    _words(
        r"(?:by the way|btw|also|and|but|so|plus|besides|then|well|oh|actually|honestly|basically|in fact|to be honest|fyi|"
        r"anyway|speaking of which|additionally|furthermore|in addition|on (?:a|that) (?:side )?note|just so you know|"
        r"for (?:context|reference|background)|unfortunately|luckily|fortunately|sadly|i mean|you know|"
        r"(?:please )?(?:remember|note|keep in mind|know)(?: that)?|you should know(?: that)?|"
        r"i (?:should|forgot to|wanted to|have to|must|can|might) (?:also )?(?:mention|say|add|tell you|note|let you know|share)"
        r"(?: that)?)\b[\s,:;.…–—-]*",
        r"(?:ah|wow|yes|yeah|yep|no|nope|sure|ok|okay|right|great|nice|cool|perfect|awesome|hi|hello|hey|hmm|haha|absolutely|"
        r"definitely|exactly|true|good (?:morning|evening|afternoon)|speaking of [^,]{1,40}|"
        r"(?:hi|hello|hey) \w+|(?:many )?thank(?:s| you)(?: so much| a lot| again)?(?: for [^,.!]{1,60})?)\s*[,!:;.…–—-]+\s*",
    )
)
_LABEL = _pattern(r"[\w #.-]{1,30}:\s+(?=(?:i|i'm|i've|we|we're|my|our)\b)")

_SUBJECT = r"(?:i|we)(?:'(?:m|ve|d|ll|re))?\b"
_DIRECT = _pattern(rf"(?:{_SUBJECT}|(?:both )?(?:my|our)\s|me and my |mine )")
_LEAD_IN = _pattern(
    r"(?:in|on|at|since|when|whenever|while|after|before|during|for|last|this|yesterday|today|tonight|tomorrow|next|every|"
    r"each|once|as|because|until|growing|back|two|three|four|several|a|an|\d+|over|recently|lately|currently|nowadays|"
    r"sometimes|usually|later|earlier|these days|right now|despite|although|even though|though|given|considering|"
    r"the|one|another|some of|most of|all of|with|from|just|it's been|it has been)\b[^\"]{0,120}?\b"
    rf"(?P<subject>{_SUBJECT}|(?:my|our)\s)"
)

# Where a question or a request begins inside of a sentence.
_ASKS = (
    r"(?:(?:can|could|would|will|do|did|does|are|have|should|may) (?:you|i|we|they|it)|is there|are there|is it|is that|"
    r"what|how|which|where|who|why|when(?:'s| is| are| do| should)|any (?:\w+ ){0,3}(?:tips|ideas|advice|suggestions|"
    r"recommendations|thoughts|chance|specific|other|good)|"
    r"i(?:'m| am| was|'ve been)? (?:also |just )?wonder(?:ing)?|i(?:'d| would) (?:also |really )?(?:love|like|appreciate|"
    r"be interested|prefer it)|i'm (?:also |just )?(?:curious|hoping you|looking for)|i (?:need|want) (?:you|some|your|to know)|"
    r"please|help me|let me know|tell me|give me|show me|suggest|recommend|do|does|have you|were there|was there|"
    r"considering|given|maybe you|perhaps you|so (?:can|could|what|how|do|is|are|any))\b"
)
_ASK_TAIL = _pattern(rf"(?:\s*[,;:…–—-]+\s*|\s*\.\.\.\s*|\s+)(?:(?:and|but|so|or|then)\s+)?(?={_ASKS})")
_BOUNDARY = _pattern(r"[,;:…–—]|\s-\s|\.\.\.|\s(?:and|but|so)\s")
_ASK = _pattern(rf"(?:(?:and|but|so|or|then)\s+)?{_ASKS}")
_REASON = _pattern(r"\b(?:because|since|given that|considering(?: that)?)\s+(?=(?:i'm|i am|i have|i've|i \w+|my|we)\b)")

_HYPOTHETICAL = _pattern(r"(?:if|imagine|suppose|unless|let's say|what if|assuming|say|had i|were i|i wish|would)\b")

_ADVERBS = (
    r"(?:\s+(?:just|really|also|actually|definitely|totally|completely|still|always|probably|only|truly|certainly|"
    r"never|even|now|then|kind of|sort of|particularly|especially|especially|quite|very|so|pretty|both|all|already|"
    r"currently|personally|specifically|absolutely|especially|simply|a bit|a little|too|often|usually|sometimes))*"
)
_ANAPHOR = r"(?:it|that|this|these|those|them|the (?:idea|suggestion|sound|concept|thought|way|fact|tip|part)|how|what|your|you|all)\b"
# Predicates of the conversation itself, of asking, guessing and politeness: nothing to remember about the speaker.
_PASSING = _pattern(
    rf"(?:i|we){_ADVERBS}"
    + _words(
        rf"(?:'m| am|'re| are|'ve been| was| were| have been){_ADVERBS}\s+"
        + _words(
            r"(?:curious|wondering|unsure|sorry|impressed|amazed|surprised|intrigued|fascinated|aware|unaware|confused|stuck|"
            r"asking|talking|referring|saying|kidding|sure|certain|afraid|familiar|unfamiliar|inclined|clear|"
            r"open|flexible|all|ready|torn|convinced|right|wrong|done|back|here|okay|ok|fine|good|lost|hoping|able)\b(?! at)",
            r"(?:not|n't)\s+(?:\w+ )?(?:sure|certain|familiar|aware|clear|convinced|able|too|talking|asking)\b",
            r"(?:glad|happy|excited|thrilled|pleased|eager|keen|grateful|thankful|delighted)\s+(?:that|to|you|it|we|for|about|i)\b",
            r"interested in (?:learning|knowing|hearing|exploring|finding|seeing|understanding|the|how|any|more|these|those|"
            r"your|getting|trying|incorporating|what|some|a )",
            r"looking for (?:[\w'-]+ ){0,6}?(?:advice|tips?|ideas?|suggestions?|recommendations?|info|information|resources|"
            r"ways?|help|examples?|options?|inspiration|guidance|insights?|details|feedback|something|some|any|more|articles|"
            r"techniques|strategies|recipes|anything|someone|places|books|methods|tools)\b",
            r"(?:looking (?:in)?to|trying to) (?:understand|find|figure|decide|think|come up|learn|determine|get|write|make|see|"
            r"find out|know|create|incorporate|remember|say)\b",
            rf"(?:thinking|going|considering|planning)(?: of| about| to| on)?{_ADVERBS} (?:trying|try|check|checking|look|"
            rf"looking|start|starting|give|giving|use|using|take|make|making|do|doing|what|how|whether|if|also|maybe|"
            rf"need|be sure|{_ANAPHOR})",
            r"concerned|worried",
        ),
        r"\s+(?:agree|see|understand|appreciate|guess|suppose|mean|wonder|assume|bet|doubt|hope|wish|imagine|believe|"
        r"realize|realise|noticed|admit|gotta|could|would|should|might|may|must|shall|ought|will|know(?! (?:how to )?[A-Z])|"
        r"apologi[sz]e|asked|told you|said|meant|heard|need (?:help|you|your|advice|some|any|more|to (?:know|find|figure|"
        r"understand|make|write|create|get|see|be|do|have|consider))|"
        r"want (?:you|your|help|some|it|this|that|each|all|something|these|the|to (?:know|learn|understand|make|ask|see|hear|"
        r"ensure|create|be|get|avoid|add|use|do|have|keep|include|focus|highlight))|"
        r"find (?:it|that|this)|found (?:it|that|this|these|your)|feel (?:like|that|as)|think(?! i(?:'ll|'m| will| am)\b)|"
        r"(?:do|did|does)(?:n't| not)?(?=[.,!]|$)|"
        r"(?:do|did)(?:n't| not)" + _ADVERBS + r" (?:know|think|understand|want|see|mind|have (?:any|a|much|the)|need|remember|"
        r"believe|mean|get|care|feel|realize|realise|consider|expect)\b|"
        rf"(?:love|like|enjoy|prefer|liked|loved|enjoyed) {_ANAPHOR}|"
        r"can(?:'t|not)?(?: \w+)? (?:see|imagine|understand|tell|wait|believe|help|try|use|do|also|always|find|get|say|think|"
        r"relate|agree)|(?:read|saw|remember|recall|learned|know|knew|thought|figured|felt) (?:that|it|this|about|you|how|what|i)\b|"
        r"(?:had|have|'ve) (?:no|a|some|any|another|one|few|a few) (?:\w+ )?(?:idea|ideas|questions?|doubt|problem|issue|clue|"
        r"preference|favor|request|task)|have to (?:say|admit|agree)|(?:knew|thought|realized|realised)|"
        r"provide|give you|gave you|pasted?|attached|copy|send you|sent you)\b",
        r"'(?:d|ll)\b(?! be \w+ing| have| visit| move| meet| fly| travel)",
        r"(?:'ve| have)" + _ADVERBS + r" (?:heard|read|seen (?:that|it|this)|noticed|wondered|got (?:a|one|some) (?:few )?questions?)\b",
    )
)
_WOULD_LIKE = _pattern(
    r"i(?:'d| would)" + _ADVERBS + r" (?:love|like) to (?:visit|travel|move|become|buy|own|retire|run|study|adopt|live|marry)\b"
)
_THINKS_WILL = _pattern(rf"i{_ADVERBS} think i(?:'ll| will|'m| am)\b")
_GENERAL_WE = _pattern(
    rf"we(?:'ll)?{_ADVERBS} (?:can|could|should|need|must|all|tend|as|have to|might|may|will|know|see|say|talked|discussed|"
    r"want|forget|often|humans|live in a|hope|do|think|understand|learn|take|continue|don't|can't)\b|we'll\b"
)
_NO_FACT_OF_MINE = _pattern(
    r"(?:my|our)\s+(?:\w+\s+){0,2}?(?:questions?|requests?|prompts?|tasks?|apologies|bad|mistake|understanding|guess|"
    r"assumption|prediction|input|point|pleasure|thoughts?|instructions?|message|concern|society|world|planet|lives)\b"
)
# Words that need a noun said before them, and the nouns that may have been said before them in the same clause.
_PRONOUN = _pattern(
    r"\b(?:it|its|they|them|he|she|him|those|these|that(?=\s*(?:[.,;!]|$))|this(?=\s*(?:[.,;!]|$))|"
    r"(?:that|this) (?:idea|one|tip|suggestion|approach|method|route|option|way)|both|the (?:first|second|last|other) one)\b"
    r"(?! (?:days|hard|difficult|easy|easier|harder|important|helpful|past|last))"
)
_NOUN = re.compile(r"\b(?:an?|the|my|our|some|two|three|new|\d+|her|his)\s+[\w'-]+|(?<=\s)[A-Z][\w'-]+(?<!I)(?<!I'm)(?<!I've)")
_FOLLOW_UP = _pattern(r"(?:he|she|they)(?:'s|'re|'ve)?\s+\w+")
_STANDING_WISH = _pattern(
    r"(?:(?:please|and|also|so)[, ]+)*(?:(?:from now on|going forward|in (?:the )?future|always|never)\b.{8,}|"
    r"call me [A-Z][\w'-]*(?: [A-Z][\w'-]*)?[.!]?$)"
)
_SPLIT = _pattern(r"(?:\s*[,;]\s*(?:and|but|so)?|\s+(?:and|but))\s+(?=(?:i|i'm|i've|we|my|our)\s)")


def statements(sentence: str) -> Iterator[Statement]:
    """The clauses of a sentence that state something about the speaker, in order. Apostrophes must be straight."""
    start = _after_openers(sentence)
    if _STANDING_WISH.match(sentence, start) and not sentence.endswith("?"):
        yield Statement(start, len(sentence), False)
        return
    end = _before_question(sentence, start)
    if end is None:
        reason = _REASON.search(sentence, start)
        if reason:
            yield from _clauses(sentence, reason.end(), len(sentence.rstrip("?!. ")))
        return
    yield from _clauses(sentence, start, end)


def continues(sentence: str) -> bool:
    """Whether a sentence goes on about a person just spoken of ("She works in Rome.")."""
    return not sentence.endswith("?") and bool(_FOLLOW_UP.match(sentence))


def _after_openers(sentence: str) -> int:
    start = 0
    while (opener := _OPENER.match(sentence, start)) and opener.end() > start:
        start = opener.end()
    return start


def _before_question(sentence: str, start: int) -> int | None:
    """Where the statement in front of a question or request ends; None when it is nothing else."""
    if _ASK.match(sentence, start) and not _WOULD_LIKE.match(sentence, start):
        return None
    for boundary in _BOUNDARY.finditer(sentence, start):
        after = boundary.end() + len(sentence[boundary.end() :]) - len(sentence[boundary.end() :].lstrip())
        if _ASK.match(sentence, after) and (sentence.endswith("?") or _REQUEST.match(sentence, after)):
            return boundary.start()
    return None if sentence.endswith("?") else len(sentence)


_REQUEST = _pattern(
    r"(?:(?:and|but|so|or|then)\s+)?(?:(?:can|could|would|will) you|i(?:'m| am| was|'ve been)? (?:also |just )?wonder(?:ing)?|"
    r"i(?:'d| would) (?:also |really )?(?:love|like|appreciate)|i'm (?:also |just )?(?:curious|hoping you|looking for)|"
    r"i (?:need|want) (?:you|some|your|to know)|please|help me|let me know|tell me|give me|show me|any (?:\w+ ){0,3}(?:tips|ideas|"
    r"advice|suggestions|recommendations|thoughts))\b"
)


def _clauses(sentence: str, start: int, end: int) -> Iterator[Statement]:
    places = [start, *(split.end() for split in _SPLIT.finditer(sentence, start, end)), end]
    ends = [split.start() for split in _SPLIT.finditer(sentence, start, end)] + [end]
    pieces = [Statement(first, last, False) for first, last in zip(places[:-1], ends, strict=True)]
    checked = [(piece, _judge(sentence[piece.start : piece.end])) for piece in pieces]
    joined: list[Statement] = []
    for piece, verdict in checked:
        if verdict is None:
            continue
        if verdict and joined and joined[-1].end >= piece.start - 8:
            joined[-1] = joined[-1]._replace(end=piece.end)
        else:
            joined.append(piece._replace(dangling=verdict))
    yield from joined


def _judge(clause: str) -> bool | None:
    """None when the clause states nothing about the speaker, else whether it dangles."""
    start = _after_openers(clause)
    label = _LABEL.match(clause, start)
    if label:
        start = label.end()
    subject = _DIRECT.match(clause, start)
    at = start
    if not subject:
        subject = _LEAD_IN.match(clause, start)
        if not subject:
            return None
        at = subject.start("subject")
    said = clause[at:]
    if _HYPOTHETICAL.match(clause, start) or len(clause[start:].split()) < 3 and not re.match(r"I(?:'m| am) [A-Z]", said):
        return None
    if not _WOULD_LIKE.match(said):
        if _THINKS_WILL.match(said):
            said = said[_THINKS_WILL.match(said).end() - 4 :]
        elif _PASSING.match(said) or _GENERAL_WE.match(said) or _NO_FACT_OF_MINE.match(said):
            return None
    pronoun = _PRONOUN.search(said)
    return bool(pronoun and not _NOUN.search(clause[: at + pronoun.start()], start + 1))
