"""How conversations are worded: the phrases by which the offline extractor tells a statement from mere talk.

Everything here is matched at a known place of one sentence (at most 600 characters), without regard to case.
"""

from __future__ import annotations

import re


def anything(alternatives: str) -> str:
    """A group matching any of the alternatives. They stand between bars with space on both sides; lines may break anywhere."""
    parts = re.split(r"\s+\|\s+", alternatives)
    return "(?:" + "|".join(re.sub(r"\n\s*", "", part).strip("\n") for part in parts) + ")"


def pattern(source: str) -> re.Pattern[str]:
    """A compiled pattern that has no regard for case."""
    return re.compile(source, re.IGNORECASE)


# -- where a statement begins ------------------------------------------------------------------------------------

# What people say before they come to the point. The first group may do without punctuation, the second may not.
OPENER = pattern(
    anything(
        """by the way | btw | also | and | but | so | plus | besides | then | well | oh | actually | honestly
        | basically | in fact | to be honest | fyi | anyway | speaking of which | additionally | furthermore
        | in addition | on (?:a|that) (?:side )?note | just so you know | for (?:context|reference|background)
        | unfortunately | luckily | fortunately | sadly | i mean | you know | you should know(?: that)?
        | (?:please )?(?:remember|note|keep in mind|know)(?: that)?
        | i (?:should|forgot to|wanted to|have to|must|can|might) (?:also )?
          (?:mention|say|add|tell you|note|let you know|share)(?: that)?"""
    )
    + r"\b[\s,:;.…–—-]*|"
    + anything(
        """ah | wow | yes | yeah | yep | no | nope | sure | ok | okay | right | great | nice | cool | perfect | awesome
        | hmm | haha | absolutely | definitely | exactly | true | good (?:morning|evening|afternoon)
        | speaking of [^,]{1,40} | (?:hi|hello|hey)(?: \\w+)?
        | (?:many )?thank(?:s| you)(?: so much| a lot| again)?(?: for [^,.!]{1,60})?"""
    )
    + r"\s*[,!:;.…–—-]+\s*"
)
LABEL = pattern(r"[\w #.-]{1,30}:\s+(?=(?:i|i'm|i've|we|we're|my|our)\b)")

_SUBJECT = r"(?:i|we)(?:'(?:m|ve|d|ll|re))?\b"
_MINE = r"(?:my|our)\s+[\w' -]{1,60}?(?:'s|\b(?:is|are|was|were|has|have|had|will|can|does|did|\w+ed|\w{2,}s))\b"
DIRECT = pattern(rf"(?:{_SUBJECT}|(?:both )?{_MINE}|me and my |mine is )")
LEAD_IN = pattern(
    anything(
        """in | on | at | since | when | whenever | while | after | before | during | for | last | this | yesterday
        | today | tonight | tomorrow | next | every | each | once | as | because | until | growing | back | two | three
        | four | several | a | an | \\d+ | over | recently | lately | currently | nowadays | sometimes | usually
        | later | earlier | these days | right now | despite | although | even though | though | given | considering
        | the | one | another | some of | most of | all of | both | with | from | just | it's been | it has been"""
    )
    + rf"\b[^\"]{{0,120}}?\b(?P<subject>{_SUBJECT}|{_MINE})"
)
SUBORDINATE = pattern(r"(?P<given>since|because|as|given that|considering(?: that)?|now that)\s|(?:when|before|after|if)\s")
REASON = pattern(
    r"\b(?:because|since|given that|considering(?: that)?|now that|remember when)\s+"
    r"(?=(?:i|we)(?:'(?:m|ve|re))? \w+|(?:my|our)\s+\w+ )"
)
STANDING_WISH = pattern(
    r"(?:(?:please|and|also|so)[, ]+)*(?:(?:from now on|going forward|in (?:the )?future)\b.{8,}|(?:always|never) "
    + anything(
        """answer | respond | reply | use | write | speak | call | explain | format | give | include | suggest
        | recommend | mention | address | keep | be | talk | ask | show | tell | remind"""
    )
    + r"\b.{4,}|call me [\w'-]+(?: [\w'-]+)?[.!]?\Z)"
)

# -- where a question or a request begins ------------------------------------------------------------------------

_REQUEST = anything(
    """(?:can|could|would|will) you | (?:i(?:'m| am| was|'ve been)? (?:also |just )?|was )wonder(?:ing)?
    | i(?:'d| would) (?:also |really )?(?:love|like|appreciate)(?: it)? | i'm (?:also |just )?(?:curious|hoping you)
    | i'm (?:also |just )?looking for | (?:i )?(?:also )?(?:need|want) (?:you|some|your|help|to know) | please
    | help me | let me know | tell me | give me | show me
    | any (?:\\w+ ){0,3}(?:tips|ideas|advice|suggestions|recommendations|thoughts)"""
)
_QUESTION = anything(
    """(?:can|could|would|will|do|did|does|are|have|should|may|was|were|is) (?:you|i|we|they|it|there|that|this|any)
    | (?:which|what|how|where|who|why)(?:'s|'re)? | when(?:'s| is| are| do| should) | any | maybe you | perhaps you
    | considering | given"""
)
_JOINED = r"(?:(?:and|but|so|or|then)\s+)?"
REQUEST = pattern(rf"{_JOINED}{_REQUEST}\b")
ASK = pattern(rf"{_JOINED}(?:{_REQUEST}|{_QUESTION})\b")
BOUNDARY = pattern(r"(?:[,;:…–—]|\s-|\.\.\.)\s+|\s(?=(?:and|but|so)\s)")

# -- what is said only for the moment ----------------------------------------------------------------------------

HYPOTHETICAL = pattern(
    anything("if | imagine | suppose | unless | let's say | what if | assuming | say | had i | were i | i wish | would")
    + r"\b"
)
_ADVERBS = r"(?:\s+" + anything(
    """\\w+ly | just | also | still | always | never | even | now | then | kind of | sort of | quite | very | so | too
    | pretty | both | all | a bit | a little | often | sometimes | most | more"""
) + r")*+"
_THAT = anything(
    """it | that | this | these | those | them | the (?:idea|suggestion|sound|concept|thought|way|fact|tip|part) | how
    | what | your | you | all | (?:the )?(?:first|second|third|last|other) (?:option|one)"""
) + r"\b"
_HELP = anything(
    """advice | tips? | ideas? | suggestions? | recommendations? | info | information | resources | ways? | help
    | examples? | options? | inspiration | guidance | insights? | details | feedback | something | some | any | more
    | articles | techniques | strategies | recipes | anything | someone | places | books | methods | tools"""
) + r"\b"
_FIND_OUT = anything(
    """understand | find | figure | decide | think | come up | learn | determine | get | write | make | see | know
    | create | incorporate | remember | say | explore"""
) + r"\b"

# After "I am".
_PASSING_STATE = anything(
    """(?:curious|wondering|unsure|sorry|impressed|amazed|surprised|intrigued|fascinated|aware|unaware|confused|stuck
        |sure|certain|afraid|familiar|unfamiliar|clear|open|flexible|ready|torn|convinced|right|wrong|done|back|here
        |okay|ok|fine|good|lost|able|concerned|worried)\\b(?! at)
    | (?:asking|talking|referring|saying|kidding|hoping (?:you|to get|to find))\\b
    | (?:glad|happy|excited|thrilled|pleased|eager|keen|grateful|thankful|delighted) (?:that|to|you|it|we|for|i|there)\\b
    | interested in (?:\\w+ing|the|how|any|these|those|your|what|some|a|both|all)\\b
    | looking (?:in)?to """
    + _FIND_OUT
    + " | trying to "
    + _FIND_OUT
    + r" | looking for (?:[\w'-]+ ){0,6}?"
    + _HELP
    + r""" | (?:thinking|going|considering|planning)(?: of| about| to| on)?"""
    + _ADVERBS
    + " (?:trying|try|checking|check|looking|look|starting|start|giving|give|using|use|taking|take|making|make|doing|do|"
    "what|how|whether|if|need|be sure|keep|have|"
    + _THAT
    + ")"
)
# After "I".
_PASSING_ACT = anything(
    """(?:agree|see|understand|appreciate|guess|suppose|mean|wonder|assume|bet|doubt|hope|wish|imagine|believe|realize
        |realise|noticed|admit|gotta|could|would|should|might|may|must|shall|ought|will|apologi[sz]e|asked|said|meant
        |heard|knew|thought|realized|realised|provide|paste|pasted|attached|copied|think)\\b
    | know\\b(?! (?:how to|\\w+ and) ) | told you | (?:gave|give|send|sent) you
    | need (?!to\\b)(?:help|you|your|advice|some|any|more|a|an|the|this|that|it|examples)\\b
    | need to (?:know|find|figure|understand|make|write|create|get|see|be|do|have|consider)\\b
    | want (?!to\\b) | (?:want|wanted) to """
    + anything(
        """know | learn | understand | make | ask | see | hear | ensure | create | be | get | avoid | add | use | do
        | have | keep | include | focus | highlight | check | clarify | confirm | acknowledge | explore"""
    )
    + r"""\b | (?:find|found) (?:it|that|this|these|your)\b | feel (?:like|that|as)\b
    | (?:do|did|does)(?:n't| not)?(?=[.,!]|$)
    | (?:do|did)(?:n't| not)"""
    + _ADVERBS
    + r""" (?:know|think|understand|want|see|mind|have (?:any|a|much|the)|need|remember|believe|mean|get|care|feel|realize
        |consider|expect)\b
    | (?:love|like|enjoy|prefer|liked|loved|enjoyed|like to (?:know|learn)) """
    + _THAT
    + r""" | can (?!(?:speak|swim|drive|cook|play|read|sing|ski|dance|code|program|only|also (?:speak|play))\b)
    | (?:can't|cannot|can not) """
    + anything(
        """see | wait | believe | help | imagine | find | get | seem | figure | remember | think | decide | tell | say
        | access | wrap"""
    )
    + r"""\b | (?:read|saw|remember|recall|learned|figured|felt) (?:that|it|this|about|you|how|what|i)\b
    | (?:had|have|do have|'ve got) (?:no|a|some|any|another|one|few|a few) (?:\w+ )?(?:idea|ideas|questions?|doubt
        |problem|issue|clue|preference|favor|request|task)\b
    | have to (?:say|admit|agree)\b | have not yet"""
)
PASSING = pattern(
    rf"(?:i|we){_ADVERBS}(?:"
    rf"(?:'m| am|'re| are|'ve been){_ADVERBS} (?:{_PASSING_STATE}|(?:not|n't)\b(?: \w+)? (?:sure|certain|familiar|aware|"
    r"clear|convinced|able|too|talking|asking|looking)\b)"
    r"| was (?:\w+ )?(?:curious|wondering|hoping|asking|thinking (?:about asking|if|that))\b"
    rf"| {_PASSING_ACT}"
    r"|'(?:d|ll)\b(?! be \w+ing| have| visit| move| meet| fly| travel| marry)"
    rf"|'ve{_ADVERBS} (?:heard|noticed|wondered|(?:read|seen) (?:that|it|this|about|some|a lot)|got (?:a|one|some) "
    r"(?:few )?(?:questions?|doubts?))\b)"
)
WISH_FOR_LIFE = pattern(
    rf"i(?:'d| would){_ADVERBS} (?:love|like) to (?:visit|travel|move|become|buy|own|retire|run|study|adopt|live|marry)\b"
)
PEOPLE_IN_GENERAL = pattern(
    rf"we(?:'ll)?{_ADVERBS} "
    + anything(
        """can | could | should | need | must | all | tend | as | have to | might | may | will | know | see | say
        | talked | discussed | want | forget | humans | live in (?:a|an) | hope | do | think | understand | learn
        | take | continue | don't | can't | rely"""
    )
    + r"\b|we'll\b"
)
NOT_ABOUT_ME = pattern(
    r"(?:my|our) (?:\w+ ){0,2}?"
    + anything(
        """questions? | requests? | prompts? | tasks? | apologies | bad | mistake | understanding | guess | assumption
        | prediction | input | point | pleasure | thoughts? | instructions? | messages? | concern | society | world
        | planet | lives"""
    )
    + r"\b"
)

# -- what leans on words said before -----------------------------------------------------------------------------

PRONOUN = pattern(
    r"\b(?:it|its|they|them|he|she|him|those|these|both|(?:that|this)(?=\s*(?:[.,;!]|\Z))|"
    r"(?:that|this) (?:idea|one|tip|suggestion|approach|method|route|option|way)|the (?:first|second|last|other) one)\b"
    r"(?! (?:days|hard|difficult|easy|easier|harder|important|helpful|past|last))"
)
# Case matters here: a name is a noun, too.
NOUN = re.compile(
    r"\b(?:an?|the|[Mm]y|[Oo]ur|some|two|three|new|\d+|her|his)\s+[\w'-]+|(?<=\s)(?!I\b)[A-Z][\w'-]+|\w+ing [a-z]+s\b"
)
FOLLOW_UP = pattern(r"(?:he|she|they)(?:'s|'re|'ve)?\s+\w+")
NEXT_STATEMENT = pattern(r"(?:\s*[,;]\s*(?:and|but|so)?|\s+(?:and|but))\s+(?=(?:i|i'm|i've|we|we're|my|our)\s)")
