"""What is said only for the moment: supposing, asking for help, politeness, opinions on the conversation itself.

Sentences in first person that are worded like this hold nothing to remember about the person.
"""

from __future__ import annotations

from scrubjay.adapters.offline.phrases import HELP, anything, pattern

HYPOTHETICAL = pattern(
    anything("if | imagine | suppose | unless | let's say | what if | assuming | say | had i | were i | i wish | would")
    + r"\b"
)
_SOME_ADVERB = anything(
    r"""\w+ly | just | also | still | always | never | even | now | then | kind of | sort of | quite | very | so | too
    | pretty | both | all | a bit | a little | often | sometimes | most | more"""
)
_ADVERBS = rf"(?:\s+{_SOME_ADVERB})*+"
_THAT = anything(
    r"""it\b(?! when) | that | this | these | those | them | how | what | your | you | all
    | the (?:idea|suggestion|sound|concept|thought|way|fact|tip|part)
    | (?:the )?(?:first|second|third|last|other) (?:option|one)"""
)
_FIND_OUT = anything(
    """understand | find | figure | decide | think | come up | learn | determine | get | write | make | see | know
    | create | incorporate | remember | say | explore"""
)
_TRY = anything(
    f"""try(?:ing)? | check(?:ing)? | look(?:ing)? | start(?:ing)? | give | giving | us(?:e|ing) | tak(?:e|ing)
    | mak(?:e|ing) | do(?:ing)? | what | how | whether | if | need | be sure | keep | have | {_THAT}"""
)
# After "I am": moods about the conversation, looking for help, small resolutions.
_MOOD = anything(
    """curious | wondering | unsure | sorry | impressed | amazed | surprised | intrigued | fascinated | aware | unaware
    | confused | stuck | sure | certain | afraid | familiar | unfamiliar | clear | open | flexible | ready | torn
    | convinced | right | wrong | done | back | here | okay | ok | fine | good | lost | able | concerned | worried
    | asking | talking | referring | saying | kidding | guessing | assuming | hoping (?:you|to get|to find)"""
)
_PASSING_STATE = anything(
    rf"""{_MOOD}\b(?! at) | (?:looking (?:in)?|trying )to {_FIND_OUT}\b
    | (?:glad|happy|excited|thrilled|pleased|eager|keen|grateful|thankful|delighted) (?:that|to|you|it|we|for|i|there)\b
    | interested in (?:\w+ing|the|how|any|these|those|your|what|some|a|both|all)\b | not interested\b
    | looking for (?:[\w'-]+ ){{0,6}}?{HELP}\b
    | (?:thinking|going|considering|planning)(?: of| about| to| on)?{_ADVERBS} {_TRY}\b
    | (?:not|n't)\b(?: \w+)? (?:sure|certain|familiar|aware|clear|convinced|able|too|talking|asking|looking)\b"""
)
# After "I": opinions on what was said, politeness, wishes that the next answer fulfils.
_OPINION = anything(
    """agree | see | understand | appreciate | guess | suppose | mean | wonder | assume | bet | doubt | hope | wish
    | imagine | believe | reali[sz]e | reali[sz]ed | noticed | admit | gotta | could | would | should | might | may
    | must | shall | ought | will | apologi[sz]e | asked | said | meant | heard | knew | thought | think | provide
    | paste | pasted | attached | copied | have to (?:say|admit|agree) | have not yet | feel (?:like|that|as)
    | told you | (?:gave|give|send|sent) you | (?:find|found) (?:it|that|this|these|your)"""
)
_SMALL_WISH = anything(
    """know | learn | understand | make | ask | see | hear | ensure | create | be | get | avoid | add | use | do
    | have | keep | include | focus | highlight | check | clarify | confirm | acknowledge | explore | find | figure
    | write | consider"""
)
_IGNORANCE = anything(
    """know | think | understand | want | see | mind | have (?:any|a|much|the) | need | remember | believe | mean | get
    | care | feel | realize | consider | expect"""
)
_UNABLE_NOW = anything(
    """see | wait | believe | help | imagine | find | get | seem | figure | remember | think | decide | tell | say
    | access | wrap"""
)
_ASKING = r"(?:\w+ )?(?:ideas?|questions?|doubts?|problem|issue|clue|preference|favor|request|task)"
_PASSING_ACT = anything(
    rf"""{_OPINION}\b | know\b(?! (?:how to|\w+ and) ) | (?:want|wanted|need) to {_SMALL_WISH}\b | want (?!to\b)
    | need (?:help|you|your|advice|some|any|more|a|an|the|this|that|it|examples|guided)\b
    | (?:do|did|does)(?:n't| not)?(?=[.,!]|$) | (?:do|did)(?:n't| not){_ADVERBS} {_IGNORANCE}\b
    | (?:love|like|enjoy|prefer|liked|loved|enjoyed) {_THAT}\b | (?:can't|cannot|can not) {_UNABLE_NOW}\b
    | can (?!(?:also )?(?:speak|swim|drive|cook|play|read|sing|ski|dance|code|program|only)\b)
    | (?:read|saw|remember|recall|learned|figured|felt) (?:that|it|this|about|you|how|what|i)\b
    | (?:had|have|do have) (?:no|a|some|any|another|one|few|a few) {_ASKING}\b"""
)
PASSING = pattern(
    rf"(?:i|we){_ADVERBS}(?:"
    rf"(?:'m| am|'re| are|'ve been){_ADVERBS} {_PASSING_STATE}"
    rf"| was (?:\w+ )?(?:curious|wondering|hoping|asking|thinking (?:about asking|if|that))\b"
    rf"| {_PASSING_ACT}"
    rf"|'(?:d|ll)\b(?! be \w+ing| have (?!to\b)| visit| move| meet| fly| travel| marry)"
    rf"|'ve{_ADVERBS} (?:heard|noticed|wondered|(?:read|seen) (?:that|it|this|about|some|a lot)"
    rf"|got (?:a|one|another|some) {_ASKING})\b)"
)
WISH_FOR_LIFE = pattern(
    rf"i(?:'d| would){_ADVERBS} (?:love|like) to "
    r"(?:visit|travel|move|become|buy|own|retire|run|study|adopt|live|marry)\b"
)
_PEOPLE_DO = anything(
    """can | could | should | need | must | all | tend | as | have to | might | may | will | know | see | say | talked
    | discussed | want | forget | humans | live in (?:a|an) | hope | do | think | understand | learn | take | continue
    | don't | can't | rely"""
)
PEOPLE_IN_GENERAL = pattern(rf"we(?:'ll)?{_ADVERBS} {_PEOPLE_DO}\b|we'll\b")
_OF_THE_TALK = anything(
    """questions? | requests? | prompts? | tasks? | apologies | bad | mistake | understanding | guess | assumption
    | prediction | input | point | pleasure | thoughts? | instructions? | messages? | concern | society | world
    | planet"""
)
NOT_ABOUT_ME = pattern(rf"(?:my|our) (?:\w+ ){{0,2}}?{_OF_THE_TALK}\b")
