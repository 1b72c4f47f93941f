"""How conversations are worded: where a statement begins, where a question or request does, what leans on what.

All of these are looked for in one sentence of at most 600 characters, nearly all at a known place in it.
"""

from __future__ import annotations

import re


def anything(alternatives: str) -> str:
    """A group matching any of the alternatives. Bars with space around them stand between; lines break anywhere."""
    parts = re.split(r"\s+\|\s+", alternatives)
    return "(?:" + "|".join(re.sub(r"\n\s*", "", part) for part in parts) + ")"


def pattern(source: str) -> re.Pattern[str]:
    """A compiled pattern that has no regard for case."""
    return re.compile(source, re.IGNORECASE)


# -- where a statement begins ------------------------------------------------------------------------------------

_LET_ME_ADD = (
    r"i (?:should|forgot to|wanted to|have to|must|can|might) (?:also )?"
    r"(?:mention|say|add|tell you|note|let you know|share)(?: that)?"
)
# What people say before they come to the point: the first may do without punctuation, the second may not.
_PRELUDE = anything(
    rf"""by the way | btw | also | and | but | so | plus | besides | then | well | oh | actually | honestly
    | basically | in fact | to be honest | fyi | anyway | speaking of which | additionally | furthermore
    | in addition | on (?:a|that) (?:side )?note | just so you know | for (?:context|reference|background)
    | unfortunately | luckily | fortunately | sadly | i mean | you know | you should know(?: that)?
    | (?:please )?(?:remember|note|keep in mind|know)(?: that)? | {_LET_ME_ADD}"""
)
_EXCLAMATION = anything(
    r"""ah | wow | yes | yeah | yep | no | nope | sure | ok | okay | right | great | nice | cool | perfect | awesome
    | hmm | haha | absolutely | definitely | exactly | true | good (?:morning|evening|afternoon)
    | speaking of [^,]{1,40} | (?:hi|hello|hey)(?: \w+)?
    | (?:many )?thank(?:s| you)(?: so much| a lot| again)?(?: for [^,.!]{1,60})?"""
)
_PUNCTUATION = ",!:;.\u2026\u2013\u2014-"
OPENER = pattern(rf"{_PRELUDE}\b[\s{_PUNCTUATION}]*|{_EXCLAMATION}\s*[{_PUNCTUATION}]+\s*")
LABEL = pattern(r"[\w #.-]{1,30}:\s+(?=(?:i|i'm|i've|we|we're|my|our)\b)")

_SUBJECT = r"(?:i|we)(?:'(?:m|ve|d|ll|re))?\b"
_VERB = r"(?:is|are|was|were|has|have|had|will|can|does|did|\w+ed|\w{2,}s)\b"
_IS = r"'s (?:an?|the|called|named|in|at|from|not|just|been|\w+ing)\b"
_MINE = rf"(?:my|our)\s+[\w' -]{{1,60}}?(?:{_IS}|(?<=\s){_VERB})"
DIRECT = pattern(rf"(?:{_SUBJECT}|(?:both )?{_MINE}|me and my |mine is )")
_LEADING = anything(
    r"""in | on | at | since | when | whenever | while | after | before | during | for | last | this | yesterday
    | today | tonight | tomorrow | next | every | each | once | as | because | until | growing | back | two | three
    | four | several | a | an | \d+ | over | recently | lately | currently | nowadays | sometimes | usually | later
    | earlier | these days | right now | despite | although | even though | though | given | considering | the | one
    | another | some of | most of | all of | both | with | from | just | it's been | it has been"""
)
LEAD_IN = pattern(rf"{_LEADING}\b[^\"]{{0,120}}?\b(?P<subject>{_SUBJECT}|{_MINE})")
INVERTED = pattern(r"\b(?:do|does|did|can|could|should|would|am|are|how|why|what|if|whether)\s\Z")

_GIVEN = "since|because|as|given that|considering(?: that)?|now that"
SUBORDINATE = pattern(rf"(?P<given>{_GIVEN})\s|(?:when|before|after|if)\s")
REASON = pattern(rf"\b(?:{_GIVEN}|remember when)(?<!as)\s+(?=(?:i|we)(?:'(?:m|ve|re))? \w+|(?:my|our)\s+\w+ )")
_MANNER = anything(
    """answer | respond | reply | use | write | speak | call | explain | format | give | include | suggest | recommend
    | mention | address | keep | be | talk | ask | show | tell | remind"""
)
STANDING_WISH = pattern(
    r"(?:(?:please|and|also|so)[, ]+)*(?:(?:from now on|going forward|in (?:the )?future)\b.{8,}|"
    rf"(?:always|never) {_MANNER}\b.{{4,}}|call me [\w'-]+(?: [\w'-]+)?[.!]?\Z)"
)
NEXT_STATEMENT = pattern(
    r"(?:\s*[,;:\u2013\u2014]\s*(?:and|but|so)?|\s-|\s+(?:and|but))\s+(?=(?:i|i'm|i've|we|we're|my|our)\s)"
)

# -- where a question or a request begins ------------------------------------------------------------------------

HELP = anything(
    """advice | tips? | ideas? | suggestions? | recommendations? | info | information | resources | ways? | help
    | examples? | options? | inspiration | guidance | insights? | details | feedback | something | some | any | more
    | articles | techniques | strategies | recipes | anything | someone | places | books | methods | tools"""
)
_REQUEST = anything(
    rf"""(?:can|could|would|will) you | (?:i(?:'m| am| was|'ve been)? (?:also |just )?|was )wonder(?:ing)?
    | i(?:'d| would) (?:also |really )?(?:love|like|appreciate)(?: it)? | i'm (?:also |just )?(?:curious|hoping you)
    | i'm (?:also |just )?looking for (?:[\w'-]+ ){{0,6}}?{HELP}
    | (?:i )?(?:also )?(?:need|want) (?:you|some|your|help|to know) | please
    | help me | let me know | tell me | give me | show me | is it possible
    | any (?:\w+ ){{0,3}}(?:tips|ideas|advice|suggestions|recommendations|thoughts)"""
)
_QUESTION = anything(
    r"""(?:can|could|would|will|do|did|does|are|have|should|may|was|were|is) (?:you|i|we|they|it|there|that|this|any)
    | (?:which|what|how|where|who|why)(?:'s|'re)? | when(?:'s| is| are| do| should) | any | maybe you | perhaps you
    | considering | given"""
)
_JOINED = r"(?:(?:and|but|so|or|then)\s+)?"
REQUEST = pattern(rf"{_JOINED}{_REQUEST}\b")
ASK = pattern(rf"{_JOINED}(?:{_REQUEST}|{_QUESTION})\b")
BOUNDARY = pattern(r"(?:[,;:\u2026\u2013\u2014]|\s-|\.\.\.)\s+|\s(?=(?:and|but|so)\s)")

# -- what leans on words said before -----------------------------------------------------------------------------

PRONOUN = pattern(
    r"\b(?:it|its|they|them|he|she|him|those|these|both|(?:that|this)(?=\s*(?:[.,;!]|\Z))|"
    r"(?:that|this) (?:idea|one|tip|suggestion|approach|method|route|option|way)|the (?:first|second|last|other) one)\b"
    r"(?! (?:days|hard|difficult|easy|easier|harder|important|helpful|past|last))"
)
NOUN = pattern(r"\b(?:an?|the|my|our|some|two|three|new|her|his)\s+[\w'-]+|\w+ing [a-z]+s\b")
_CALENDAR = anything(
    r"""january | february | march | april | may | june | july | august | september | october | november | december
    | \w+day"""
)
SPECIFIC = re.compile(rf"(?<=\s)(?!(?:I|(?i:{_CALENDAR}))\b)[A-Z][\w'-]+|\d")  # a name or a number; here case matters
FOLLOW_UP = pattern(r"(?:he|she|they)(?:'s|'re|'ve)?\s+\w+")
