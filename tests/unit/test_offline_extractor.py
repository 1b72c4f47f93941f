"""The offline extractor keeps what users state about themselves, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.adapters.offline.categories import category
from scrubjay.adapters.offline.extractor import OfflineExtractor
from scrubjay.llm.prompts import CATEGORIES
from scrubjay.model import Fact, Message, Role, Scope, Turn
from scrubjay.ports import Extractor

ARTICLE = "I'm building a SaaS product in Laravel for the healthcare industry, targeting small clinics"

KEPT_AS_SAID = (
    "I live in Berlin",
    "i live in berlin",
    "I moved to Lisbon last week",
    "My favourite number is 12.",
    "My name is Ana",
    "I'm Ana",
    "I am vegetarian",
    "I'm allergic to peanuts.",
    "I can't eat gluten.",
    "I can speak French and Dutch.",
    "I don't drink coffee.",
    "I have two cats and a parrot.",
    "I like item-0042",
    "I bought 3 tickets for $45.50 on May 6th.",
    "We use Postgres at work",
    "User note 17: I bought item 17",
    "My sister lives in Rome.",
    "My dog's called Rex.",
    "Our company sells bicycles to schools.",
    "I work as a nurse in a children's hospital.",
    "I'm planning a trip to Japan in May.",
    "I'm thinking of proposing to my partner during the trip.",
    "I'm looking for a dog-friendly apartment in Berlin.",
    "I need to return some boots to Zara.",
    "I'd love to visit the Cliffs of Moher someday.",
    "I'll be moving to Porto in June.",
    "I've been training for a 5K run.",
    "I\u2019ve got a \u201cbig\u201d garden.",
    "In 2019 I moved to Spain.",
    "Last week, I attended my cousin's wedding.",
    "When I was a child I lived in Peru.",
    "The play I attended was a production of The Glass Menagerie.",
    "One thing I'm struggling with is waking up early.",
    "Recently, I started playing the cello.",
    "My partner and I are thinking of going to Vegas.",
    'I read "Dune. The Graphic Novel" last month.',
    "I met Dr. Smith at 5 p.m. yesterday.",
    "I know Python and Rust.",
    "Always answer me in German.",
    "From now on, keep your answers short.",
    "Call me Max.",
    "I love it when it snows in Oslo.",
)

CUT_DOWN = (
    ("By the way, I graduated with a degree in Law, can you suggest a job?", ["I graduated with a degree in Law"]),
    ("Thanks for the tips! I live near a lake.", ["I live near a lake."]),
    ("Also, by the way, my son is 4.", ["My son is 4."]),
    ("Please remember that my birthday is on May 3rd.", ["My birthday is on May 3rd."]),
    ("I forgot to mention that I am vegan.", ["I am vegan."]),
    ("I'm training for a 5K run and I was wondering if you had tips.", ["I'm training for a 5K run"]),
    ("I'm planning a trip to Utah and was wondering about trails.", ["I'm planning a trip to Utah"]),
    ("What should I cook? I'm vegan.", ["I'm vegan."]),
    ("What should I cook, since I am vegan?", ["I am vegan"]),
    ("Can you recommend a hotel, because we have two dogs?", ["We have two dogs"]),
    ("I like the idea of a grill, but I live in a flat.", ["I live in a flat."]),
    ("Hello! My name is Ana and I live in Berlin.", ["My name is Ana", "I live in Berlin."]),
    ("I'm Ana, I'm 34 and I work at Siemens.", ["I'm Ana", "I'm 34", "I work at Siemens."]),
    ("I live in Berlin. I have a dog.", ["I live in Berlin.", "I have a dog."]),
    ("I live in Berlin\nI have a dog", ["I live in Berlin", "I have a dog"]),
    ("I bought a bike. I got it in May.", ["I bought a bike. I got it in May."]),
    ("My sister is called Mia. She works in Rome.", ["My sister is called Mia. She works in Rome."]),
    ("I live\nin Berlin\nI have a cat", ["I live in Berlin", "I have a cat"]),
    ("Do you sell skis? I got a pair of them in May.", ["I got a pair of them in May."]),
    (
        "I'm into board games. I've been crushing it in Ticket to Ride.",
        ["I'm into board games. I've been crushing it in Ticket to Ride."],
    ),
    ("I have a dog, can you suggest a name? He is brown.", ["I have a dog"]),
    ("Message 17: I like tea.", ["Message 17: I like tea."]),
    ("Some facts about me:\n- I live in Rome\n- I have a cat", ["I live in Rome", "I have a cat"]),
    ("I use Django.\n```\nI = my_code\nI am code\n```\nI like tea.", ["I use Django.", "I like tea."]),
    ("> I live in Bonn\nI live in Kiel", ["I live in Kiel"]),
    ("I'm a nurse. Reply to this email:\nI live in Bonn.", ["I'm a nurse."]),
    ("I live in Berlin. I live in Berlin.", ["I live in Berlin."]),
)

NOT_KEPT = (
    "",
    " \n\t",
    "\x00",
    "\ud800",
    "Hi!",
    "Thanks a lot!",
    "Hello, how are you?",
    "Where do I live?",
    "Do I have a dog?",
    "What is my name?",
    "how do I sort a list",
    "Can you help me with my Laravel project?",
    "Could you tell me about my options?",
    "I'd like you to write a poem.",
    "I'd like to know more about Rome.",
    "I need help with my homework.",
    "I need some advice.",
    "I want you to be concise.",
    "I'm looking for recommendations for a hotel.",
    "I'm looking for some good tips on gardening.",
    "I was wondering if you know a good dentist.",
    "I'm curious about epigenetics.",
    "I'm interested in learning more about Rome.",
    "If I were rich, I would buy a boat.",
    "Imagine I am a pirate.",
    "I wish it would rain.",
    "I agree with you.",
    "I think that's a great idea.",
    "I see, that makes sense.",
    "I don't know.",
    "I had no idea that bees do that.",
    "I'll check those out.",
    "I'll definitely try it.",
    "I love that idea!",
    "I appreciate your help.",
    "I'm not sure what to do.",
    "I have a question about taxes.",
    "My question is about taxes.",
    "We should all recycle more.",
    "I got it in May.",
    "She moved to Chicago.",
    "It rains in Berlin.",
    "Rome was not built in a day.",
    "Act as a doctor. I have a headache.",
    "You are a pirate. I own a ship.",
    "Pretend I live in Rome.",
    "Translate this:\nI live in Rome.",
    "Rewrite my text:\n\nI am a baker and I live in Rome.",
    "Here is the email: I live in Rome. I have a dog.",
    "Dear Sir,\nI live in Rome.\nRegards",
    "```\nI live in Rome\n```",
    "    I live in Rome",
    "> I live in Rome",
    'She said "I live in Rome. I like it."',
    "Bob: I live in Rome\nEve: I live in Bonn",
    "I live in Rome. " * 7_000,
)

CATEGORY_OF = (
    ("I'm working on a mobile app for gardeners.", "project"),
    ("We use Postgres at work", "tech_stack"),
    ("I work in the insurance industry.", "domain"),
    ("Our target audience are students.", "customer_segment"),
    ("I'm allergic to peanuts.", "health"),
    ("I am vegetarian", "preference"),
    ("My favourite number is 12.", "preference"),
    ("I like item-0042", "preference"),
    ("My name is Ana", "personal"),
    ("I live in Berlin", "personal"),
    ("I'm planning a dinner for ten.", "plan"),
    ("My trip to Japan was lovely.", "travel"),
    ("My sister is called Mia.", "relationship"),
    ("I work as a nurse.", "work"),
    ("User note 17: I bought item 17", "event"),
    ("We eat at seven.", "other"),
)


def a_turn(*messages: Message, id: str = "turn-1") -> Turn:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return Turn(scope=Scope(tenant="t", user_id="ana"), messages=messages, id=id, accepted_at=now)


def user(text: str) -> Message:
    return Message(role=Role.USER, content=text)


async def facts_of(*texts: str) -> tuple[Fact, ...]:
    extractor: Extractor = OfflineExtractor()
    return (await extractor.extract([a_turn(*map(user, texts))])).facts


@pytest.mark.parametrize("text", KEPT_AS_SAID)
async def test_a_statement_about_oneself_is_kept_in_the_users_own_words(text: str) -> None:
    (fact,) = await facts_of(text)
    assert (fact.text, fact.quote) == (text[:1].upper() + text[1:], text)


@pytest.mark.parametrize(("text", "expected"), CUT_DOWN)
async def test_of_a_mixed_message_the_statements_are_kept_in_the_order_said(text: str, expected: list[str]) -> None:
    assert [fact.text for fact in await facts_of(text)] == expected


@pytest.mark.parametrize("text", NOT_KEPT)
async def test_questions_requests_suppositions_talk_and_pasted_text_are_no_facts(text: str) -> None:
    assert await facts_of(text) == ()


@pytest.mark.parametrize(("text", "expected"), CATEGORY_OF)
def test_a_statement_has_the_category_of_what_it_is_about(text: str, expected: str) -> None:
    assert category(text) == expected
    assert expected in CATEGORIES


async def test_a_project_is_kept_whole_and_once_for_each_side_told() -> None:
    facts = await facts_of(f"Hi! {ARTICLE}")
    assert [(fact.category, fact.text) for fact in facts] == [
        ("project", ARTICLE),
        ("tech_stack", "I'm building a SaaS product in Laravel"),
        ("domain", "I'm building a SaaS product for the healthcare industry"),
        ("customer_segment", "I'm building a SaaS product targeting small clinics"),
    ]
    assert {fact.quote for fact in facts} == {ARTICLE}


async def test_only_what_users_say_is_read() -> None:
    others = [Message(role=role, content="I live in Berlin.") for role in Role if role is not Role.USER]
    assert (await OfflineExtractor().extract([a_turn(*others)])).facts == ()


async def test_each_fact_names_its_turn_and_comes_in_the_order_said() -> None:
    numbers = [12, 7, 12]
    turns = [a_turn(user(f"My favourite number is {n}."), id=f"turn-{at}") for at, n in enumerate(numbers)]
    facts = (await OfflineExtractor().extract(turns)).facts
    assert [(fact.turn_id, fact.text) for fact in facts] == [
        (f"turn-{at}", f"My favourite number is {n}.") for at, n in enumerate(numbers)
    ]


async def test_the_same_words_twice_in_one_turn_are_one_fact() -> None:
    assert len(await facts_of("I live in Berlin.", "i live in  Berlin.")) == 1


async def test_templates_that_differ_in_a_number_stay_apart() -> None:
    lines = [f"User note {n}: I bought item {n}" for n in range(50)]
    assert [fact.text for fact in await facts_of(*lines)] == lines


async def test_it_says_what_it_is_and_cannot_be_away() -> None:
    extractor = OfflineExtractor()
    await extractor.ping()
    assert (extractor.name, extractor.prompt_version) == ("offline", None)


SCRAPS = re.findall(
    r"\S+",
    """I I'm my dog we live in Rome have it . ? , and since " - can you 12 : by the way, thanks! \u2019s
    building a thing in Laravel targeting \ud83d ``` always We've Mia""",
)
ANYTHING = st.one_of(
    st.text(st.characters(codec=None), max_size=300),
    st.lists(st.sampled_from([*SCRAPS, "\n", "can you", "I live in"]), max_size=60).map(" ".join),
)


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
async def test_any_text_is_taken_and_every_quote_is_in_it(text: str) -> None:
    for fact in await facts_of(text):
        assert fact.quote in text
        assert fact.text.strip() == fact.text != ""
        assert "\n" not in fact.text
        assert fact.category in CATEGORIES


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
async def test_the_same_text_always_gives_the_same_facts(text: str) -> None:
    assert await facts_of(text) == await facts_of(text)
