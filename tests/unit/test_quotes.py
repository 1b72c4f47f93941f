"""Quotes are found as the plain rule says, in time that grows with the length of the text alone."""

from __future__ import annotations

import re
import threading
import unicodedata
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scrubjay import offload
from scrubjay.ingest.extraction import ModelExtractor
from scrubjay.ingest.quotes import Quotable
from scrubjay.model import Message, Role, Scope, Turn
from tests.fakes import NoGuidance, ScriptedModel

APOSTROPHES, QUOTATION_MARKS = "'`\u00b4\u02bc\u2018\u2019", '"\u201c\u201d\u201e\u00ab\u00bb'
MARKS = APOSTROPHES + QUOTATION_MARKS
CHARACTERS = "ab\u00e4e\u0308_.1 \n\t\u2028" + MARKS
LONGEST = 24_000  # characters


def by_the_rule(quote: str, message: str) -> tuple[int, str] | None:
    """What is meant, as one regular expression: it takes time in proportion to the product of both lengths."""
    whole = unicodedata.normalize("NFC", quote).strip()
    bare = whole.strip(MARKS)
    if not bare.strip():
        return None
    forms = (r"\s+".join("".join(map(any_form, token)) for token in form.split()) for form in (whole, bare))
    either = "|".join(forms)
    is_short = len(bare) < 12 and bare[:1].isascii() and bare[-1:].isascii()
    match = re.search(rf"(?<!\w)(?:{either})(?!\w)" if is_short else either, unicodedata.normalize("NFC", message))
    return (match.start(), match[0]) if match else None


def any_form(char: str) -> str:
    return next((f"[{forms}]" for forms in (APOSTROPHES, QUOTATION_MARKS) if char in forms), re.escape(char))


@given(st.text(CHARACTERS, max_size=12), st.text(CHARACTERS, max_size=60))
@example("a", "aa 'a'")
@example("'a'", "a\u02bc a")
@example("'aa'", "ba\u02bca 'aa' aa")
@example("a b a b a b a", " a \n b a  b\ta b a a")
@settings(max_examples=400, deadline=None)
def test_a_quote_is_found_where_the_plain_rule_finds_it(quote: str, message: str) -> None:
    passage = Quotable([message]).find(quote)
    assert (passage and (passage.offset, passage.quote)) == by_the_rule(quote, message)


@given(st.data(), st.lists(st.text(CHARACTERS, min_size=1, max_size=30), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_what_stands_in_a_message_is_found_with_other_marks_and_spaces(
    data: st.DataObject, messages: list[str]
) -> None:
    message = unicodedata.normalize("NFC", data.draw(st.sampled_from(messages)))
    start = data.draw(st.integers(0, len(message) - 1))
    quote = message[start : data.draw(st.integers(start, len(message)))]
    copied = "".join("\u2019" if char in APOSTROPHES else " \n" if char.isspace() else char for char in quote)
    expected = next(
        ((number, *place) for number, message in enumerate(messages) if (place := by_the_rule(copied, message))), None
    )
    assert Quotable(messages).find(copied) == expected


def repeated(characters: int) -> tuple[str, str]:
    """A text of one short word, and a quote of a sixth of it whose last word differs."""
    text = "ha " * (characters // 3)
    return text, f"{text[: characters // 6]}hm"


def seconds(characters: int) -> float:
    """The processor's time for one quote that was never said."""
    message, quote = repeated(characters)
    started = process_time()
    assert Quotable([message]).find(quote) is None
    return process_time() - started


def test_no_text_makes_the_search_for_a_quote_run_for_long() -> None:
    assert seconds(LONGEST) < max(8 * seconds(LONGEST // 4), 0.1)  # 4 where it is linear, 16 where it is not


@pytest.mark.parametrize(("characters", "on_the_loop"), [(100, True), (offload.LARGEST_ON_LOOP + 1, False)])
async def test_quotes_are_looked_for_aside_of_the_loop_where_much_was_said(
    monkeypatch: pytest.MonkeyPatch, characters: int, on_the_loop: bool
) -> None:
    threads = list[int]()
    find = Quotable.find

    def noted(self: Quotable, quote: str) -> object:
        threads.append(threading.get_ident())
        return find(self, quote)

    monkeypatch.setattr(Quotable, "find", noted)
    message = Message(role=Role.USER, content="I live in Oslo. ".ljust(characters, "x"))
    turn = Turn(id="t", scope=Scope(tenant="a", user_id="b"), messages=(message,), accepted_at=datetime.now(UTC))
    answer = {"facts": [{"fact": "User lives in Oslo.", "category": "personal", "quote": "I live in Oslo."}] * 3}
    extraction = await ModelExtractor(ScriptedModel(answer), NoGuidance()).extract([turn])

    assert len(extraction.facts) == 1
    assert {thread == threading.get_ident() for thread in threads} == {on_the_loop}
