"""What is masked and what is not, by a table of each; what masking costs, and that no text makes it run for long."""

from __future__ import annotations

import random
from itertools import chain
from time import thread_time
from typing import Any

import pytest
from stdnum import luhn

from scrubjay.model import Guidance, Message, Role
from scrubjay.safety.detectors import SecretMask
from scrubjay.safety.detectors.numbers import checks_out
from scrubjay.safety.masking import masked_guidance, masked_messages, masked_values
from tests.unit.tables import Planted, lines, planted

MASK = SecretMask()
PLANTED = planted()
CARD = "4111 1111 1111 1111"
A_TURN = (
    "I am building a SaaS product in Laravel, and I live in Lisbon. Last week I moved my office to the centre, because "
    "the rent there is lower than I thought, and I now cycle to work every morning. My daughter Ana starts school in "
    "September and we are looking for a piano teacher. Could you remind me what I told you about the deadline for the "
    "tax form that I have to send?"
)
# Each is repeated until it has 200,000 characters: the beginnings of secrets, again and again, that never become one.
BEGINNINGS = (
    "eyJ", "eyJabcdefgh.", "sk-", "sk-a1A", "aws", "awskey'", "://a:", "-----BEGIN RSA PRIVATE KEY-----", "4", "4 ",
    "4111 ", "DE89 ", "DE89 3704 ", "password", "password for a b c ", "pw:", "pass from a to b ", "abc is my ",
    "密码是", "api key is ", "token_a_", "a", "glagent-", "a1-us", "xoxb-1-", "ghp_", "AKIA", "sk-aT3BlbkFJ", "\n",
)  # fmt: skip
LONGEST = 200_000


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.kind}: {planted.before[:20]}")
def test_a_secret_is_masked_whole_and_what_is_around_it_stays(planted: Planted) -> None:
    assert MASK(planted.text) == planted.masked


@pytest.mark.parametrize("text", lines("no_secrets.txt"))
def test_an_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert MASK(text) == text


def test_masking_twice_is_masking_once() -> None:
    once = [MASK(planted.text) for planted in PLANTED] + [MASK("\n".join(planted.text for planted in PLANTED))]
    assert [MASK(text) for text in once] == once


def test_several_secrets_in_one_text_are_each_masked() -> None:
    text = f"Pay with {CARD} or from DE89 3704 0044 0532 0130 00; my password is hunter2, sj_abcdefgh1234."
    assert MASK(text) == (
        "Pay with [masked: card number] or from [masked: IBAN]; my password is [masked: password], "
        "[masked: Scrubjay API key]."
    )


def test_a_card_number_is_masked_however_its_digits_are_set_apart_and_only_if_it_checks_out() -> None:
    apart = ("-", "", "\u00a0", "\u202f", "\u2011")
    for written in (CARD, *(CARD.replace(" ", separator) for separator in apart), " ".join(CARD.replace(" ", ""))):
        assert MASK(f"Card {written}, thanks") == "Card [masked: card number], thanks"
        assert MASK(f"Card {written[:-1]}2, thanks") == f"Card {written[:-1]}2, thanks"
    assert MASK(f"{CARD} {CARD}") == "[masked: card number] [masked: card number]"


def test_digits_check_out_as_python_stdnum_says() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        digits = "".join(chance.choices("0123456789", k=chance.randint(2, 19)))
        assert checks_out(digits) == luhn.is_valid(digits), digits


def test_metadata_is_masked_however_deep_its_keys_as_well_and_no_two_keys_become_one() -> None:
    keys = [f"sj_{character * 20}" for character in "ab"]
    metadata: dict[str, Any] = {
        "a": [{"b": [CARD, 1, None, True]}],
        keys[0]: "x",
        keys[1]: "y",
        "n": [4111111111111111, 4111111111111112],
    }
    masked = masked_values(metadata, MASK)
    assert masked["a"] == [{"b": ["[masked: card number]", 1, None, True]}]
    assert sorted(set(masked) - {"a", "n"}) == ["[masked: Scrubjay API key]", "[masked: Scrubjay API key] 2"]
    assert masked["n"] == ["[masked: card number]", 4111111111111112]


def test_metadata_is_masked_by_what_its_keys_say_of_it() -> None:
    metadata = {"password": "hunter2", "deep": [{"DB_PASSWORD": "xK9#qq2", "note": "hunter2"}], "password_hint": "dog"}
    assert masked_values(metadata, MASK) == {
        "password": "[masked: password]",
        "deep": [{"DB_PASSWORD": "[masked: password]", "note": "hunter2"}],
        "password_hint": "dog",
    }
    assert masked_values({"password": CARD, "a": ""}, MASK) == {"password": "[masked: card number]", "a": ""}
    once = masked_values(metadata, MASK)
    assert masked_values(once, MASK) == once


def test_messages_and_guidance_are_masked_in_every_text_of_theirs() -> None:
    messages = (Message(role=Role.USER, content=CARD, name=CARD), Message(role=Role.ASSISTANT, content="Hello"))
    masked = masked_messages(messages, MASK)
    assert (masked[0].content, masked[0].name) == ("[masked: card number]",) * 2
    assert masked[1] is messages[1]
    guidance = Guidance(instructions=CARD, includes=CARD, excludes=CARD, categories={CARD: CARD})
    assert CARD not in masked_guidance(guidance, MASK).model_dump_json()


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_no_text_makes_masking_run_for_long(beginning: str) -> None:
    whole = (beginning * LONGEST)[:LONGEST]
    assert seconds(whole) < 10 * seconds(whole[: LONGEST // 4])  # 4 where it is linear, 16 where it is not


def seconds(text: str) -> float:
    """This thread's time for one text, the best of three."""

    def once() -> float:
        started = thread_time()
        MASK(text)
        return thread_time() - started

    return min(once() for _ in range(3))


def test_the_tables_have_room_for_doubt() -> None:
    """Figures without many cases would say nothing."""
    assert len(PLANTED) >= 60
    assert len(lines("no_secrets.txt")) >= 60
    assert len(set(chain(lines("no_secrets.txt"), (planted.text for planted in PLANTED)))) >= 220
