"""Sorts statements: one category for each, and the sides of a described project as statements of their own."""

from __future__ import annotations

from collections.abc import Iterator

from scrubjay.adapters.offline.phrases import anything, pattern

_TECHNOLOGY = anything(
    r"""laravel | symfony | django | flask | fastapi | rails | ruby | php | python | java | kotlin | swift | swiftui
    | javascript | typescript | node(?:\.?js)? | express(?:\.?js) | react(?: native)? | vue(?:\.?js)? | nuxt(?:\.?js)?
    | next\.?js | angular | svelte | flutter | golang | rust | elixir | phoenix | scala | c\+\+ | c\# | \.net
    | postgres(?:ql)? | mysql | mariadb | sqlite | mongodb | redis | kafka | rabbitmq | celery | elasticsearch | qdrant
    | docker | kubernetes | terraform | aws | azure | gcp | google cloud | firebase | supabase | linux | pytorch
    | tensorflow | pandas | tailwind(?: css)? | wordpress | shopify | graphql | livewire | inertia(?:\.js)?"""
)
_MAKING = r"(?:building|developing|creating|making|launching|designing|running|working on)"
_PROJECT = anything(
    """app | application | product | project | website | site | startup | saas | platform | api | game | tool | bot
    | service | thesis | novel | book | model | software | dashboard | plugin | marketplace | prototype"""
)
_KIN = anything(
    """wife | husband | partner | girlfriend | boyfriend | fianc\u00e9e? | fiancee? | mother | mom | mum | father | dad
    | parents | sister | brother | siblings? | son | daughter | kids? | children | baby | cousin | aunt | uncle
    | nephew | niece | grandm\\w+ | grandp\\w+ | grandfather | friends? | roommate | family | in-laws | dog | cat
    | puppy | kitten | pets?"""
)
_ILLNESS = anything(
    r"""allerg\w+ | intoleran\w+ | diabet\w+ | asthma | diagnos\w+ | medication | medicine | doctor | dentist | surgery
    | therap\w+ | blood pressure | migraines? | insomnia | anxiety | depress\w+ | pregnan\w+ | injur\w+ | symptoms?
    | pain | hospital | vitamins? | supplements? | celiac | coeliac | prescri\w+ | check-up"""
)
_TASTE = anything(
    r"""i (?:\w+ly |just |also |do |don't |do not |did not |always )*(?:like|love|hate|prefer|enjoy|dislike|adore
    |liked|loved|hated|preferred|enjoyed) | i(?:'d| would) (?:rather|prefer)
    | i've (?:\w+ )?(?:loved|enjoyed|been loving) | favou?rites? | can't stand | a (?:big |huge )?fan of | vegetarian
    | vegan | pescatarian | don't (?:eat|drink) | call me | from now on | going forward
    | i(?:'m| am) (?:\w+ )?(?:into|interested in|fascinated by|obsessed with)"""
)
_JOURNEY = anything(
    r"""trip | travel(?:l?ed|l?ing|s)? | vacation | holiday | flights? | flew | hotel | airbnb | road trip
    | hik(?:e|ed|ing) | camping | backpacking | visit(?:ed|ing)? | itinerary | tour"""
)
_JOB = anything(
    r"""work | works | working as | job | office | colleagues? | coworkers? | boss | manager | company | career
    | commute | client | clients | interview | salary | promotion | degree | graduated | university | college
    | school | thesis | internship | team | business | freelanc\w+"""
)
_INTENT = anything(
    r"""i(?:'m| am| was) (?:\w+ )?(?:planning|thinking|considering|going to|hoping|looking (?:forward )?to|trying to)
    | i (?:\w+ )?(?:plan|intend|want|need|hope) to | i(?:'ll| will| would|'d) | we(?:'re| are) (?:planning|going to)
    | i(?:'ve| have) (?:\w+ )?been (?:thinking|meaning|considering|planning) | my goal | next (?:week|month|year)
    | tomorrow"""
)
_DID = anything(
    r"""\w+ed | bought | got | went | met | saw | took | made | had | ran | won | lost | found | came | gave | spent
    | sold | began | flew | drove | ate | wrote | read | left | paid | built | did"""
)
_HAPPENING = anything(
    rf"""(?:i|we) (?:\w+ly |just |also |finally )?{_DID} | yesterday | last (?:night|week|month|year|\w+day)
    | \w+ ago | today"""
)
_SELF = anything(
    r"""my (?:full |first |last |middle )?name | i(?:'m| am) (?:\w+ )?(?:from|called|named|married|single|divorced|\d+)
    | i(?:'m| am) (?:an? )?(?:native|\w+ian) | i was born | my birthday | my age | years old
    | (?:i|we) (?:\w+ )?(?:live|lived|grew up|moved|reside)"""
)
_CUSTOMERS = r"targeting|target (?:audience|market|customers)|aimed at|(?:my|our) (?:customers|users|clients) are"

_RULES = [
    (category, pattern(rf"(?<![\w'-])(?:{alternatives})(?![\w'-])"))
    for category, alternatives in (
        ("project", rf"{_MAKING} (?:[\w'-]+ ){{1,4}}?{_PROJECT}"),
        ("tech_stack", rf"(?:us(?:e|ed|es|ing)|with|switched to|know|prefer) (?:[\w'-]+ ){{0,3}}?{_TECHNOLOGY}"),
        ("customer_segment", _CUSTOMERS),
        ("domain", r"in the (?:[\w-]+ ){1,3}?(?:industry|sector)"),
        ("health", _ILLNESS),
        ("preference", _TASTE),
        ("personal", _SELF),
        ("plan", _INTENT),
        ("travel", _JOURNEY),
        ("relationship", rf"(?:(?:my|our)(?: \w+)?|an?(?: \w+)?|two|three|\d) {_KIN}"),
        ("work", _JOB),
        ("event", _HAPPENING),
        ("personal", r"i'm|i am|i have|i've got|i own|my|mine"),
    )
]

# Where the sides of a project are told, and how far each goes.
_SIDES = (
    ("tech_stack", pattern(rf",?\s+(?P<side>(?:in|with|using|on|built with) {_TECHNOLOGY}(?![\w'-]))")),
    ("domain", pattern(r",?\s+(?P<side>(?:for|in) the (?:[\w-]+ ){1,3}?(?:industry|sector|market|space|field))\b")),
    ("customer_segment", pattern(r",?\s+(?P<side>(?:targeting|aimed at|serving) [^,;.!]+)")),
)
_DESCRIBED = pattern(rf"(?:i|we)(?:'m|'re|'ve been| am| are| have been) (?:\w+ly )?{_MAKING} ")


def category(statement: str) -> str:
    """The category of a statement: the first rule that fits, from the particular to the general."""
    return next((name for name, rule in _RULES if rule.search(statement)), "other")


def sides(statement: str) -> Iterator[tuple[str, str]]:
    """The sides of a project told in one sentence, each as a sentence and its category.

    "I'm building a shop in Django, targeting florists" gives "I'm building a shop in Django" (tech_stack) and
    "I'm building a shop targeting florists" (customer_segment); a project with fewer than two sides gives none.
    """
    if not _DESCRIBED.match(statement):
        return
    matches = [(name, side) for name, rule in _SIDES if (side := rule.search(statement))]
    matches.sort(key=lambda match: match[1].start())
    if len(matches) > 1:
        project = statement[: matches[0][1].start()]
        yield from ((name, f"{project} {side['side']}") for name, side in matches)
