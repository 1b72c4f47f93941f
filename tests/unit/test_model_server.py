"""The scripted model server's own rules: faults hit what they are meant for, for as long as they are meant to."""

from __future__ import annotations

import json

from tests.model_server import answers, rules, wrong
from tests.model_server.state import Call, State
from tests.model_server.wire import Canned, Fault, Flow, Kind

EXTRACTION = Call("extraction", "user: I ski.")
MATERIAL = """The turns, oldest first:

<turn number="0" said="2026-03-06 12:00+00:00, a Friday">
user (Ana): Hello! I live in Oslo. My cat is Bo,
I think. Last week my dog ran off. Do I talk too much?
assistant: I am a program. My name is Helper.
</turn>"""


def test_each_sentence_in_which_the_user_says_i_or_my_and_asks_nothing_is_a_fact() -> None:
    facts = json.loads(rules.extraction(MATERIAL))["facts"]
    assert [fact["quote"] for fact in facts] == [
        "I live in Oslo.",
        "My cat is Bo,",
        "I think.",
        "Last week my dog ran off.",
    ]


def test_every_candidate_is_new_and_what_is_known_is_none() -> None:
    decisions = json.loads(rules.reconciliation("Known:\n[0] A.\n\nCandidates:\n[0] B.\n[1] C."))["decisions"]
    assert [(decision["candidate"], decision["event"]) for decision in decisions] == [(0, "ADD"), (1, "ADD")]


def test_a_fault_hits_as_many_calls_as_it_says_and_then_the_next_one_does() -> None:
    state = State([], seed=0)
    state.add_fault(Fault(kind=Kind.EMPTY, calls=2))
    state.add_fault(Fault(kind=Kind.REFUSAL, contains="ski"))
    hits = [fault.kind for fault in (state.fault(EXTRACTION) for _ in range(4)) if fault]

    assert hits == [Kind.EMPTY, Kind.EMPTY, Kind.REFUSAL, Kind.REFUSAL]
    assert state.fault(Call("extraction", "user: I swim.")) is None
    assert state.counts().calls == {"extraction": 5}
    assert state.counts().faults == {"empty": 2, "refusal": 2}
    assert state.counts().faults_by_text == {"ski": 2}


def test_a_fault_may_begin_with_the_nth_call_that_it_fits() -> None:
    state = State([], seed=0, faults=[Fault(kind=Kind.EMPTY, contains="ski", after=2, calls=1)])
    assert state.fault(Call("extraction", "user: I swim.")) is None
    assert [state.fault(EXTRACTION) is not None for _ in range(4)] == [False, False, True, False]

    state.reset()
    assert [state.fault(EXTRACTION) is not None for _ in range(3)] == [False, False, True]


def test_an_answer_may_be_too_large_too_long_twice_or_in_the_wrong_box() -> None:
    right = rules.extraction(EXTRACTION.material)
    [fact] = json.loads(right)["facts"]

    def said(kind: Kind, size: int = 0) -> str:
        return wrong.said(right, Fault(kind=kind, size=size))

    assert json.loads(said(Kind.LIST)) == [fact]
    assert json.loads(said(Kind.NULL)) == {"facts": None}
    assert json.loads(said(Kind.DUPLICATE)) == {"facts": [fact, fact]}
    assert json.loads(said(Kind.EXTRA_KEYS))["facts"][0].items() > fact.items()
    assert len({fact["fact"] for fact in json.loads(said(Kind.MANY))["facts"]}) == 30_000
    [huge] = json.loads(said(Kind.HUGE_FACT, size=1_000))["facts"]
    assert (len(huge["fact"]), huge["quote"]) == (1_000, fact["quote"])
    assert [len(said(kind)) >= 5_000_000 for kind in (Kind.HUGE_TEXT, Kind.HUGE_BLANK)] == [True, True]


def test_a_decision_may_be_missing() -> None:
    right = rules.reconciliation("Candidates:\n[0] B.\n[1] C.")
    assert [
        decision["candidate"] for decision in json.loads(wrong.said(right, Fault(kind=Kind.MISSING)))["decisions"]
    ] == [0]
    state = State([], seed=0, faults=[Fault(kind=Kind.MISSING)])
    assert state.fault(EXTRACTION) is None


def test_a_fault_leaves_alone_the_calls_that_it_makes_no_sense_for() -> None:
    state = State([], seed=0)
    for kind in (Kind.FALSE_QUOTE, Kind.FENCED, Kind.NO_JSON_SCHEMA, Kind.WRONG_COUNT):
        state.add_fault(Fault(kind=kind, calls=1))
    assert state.fault(Call("chat", "Hello")) is None
    assert state.fault(Call("models", "")) is None


def test_a_rate_hits_about_that_share_and_the_same_calls_for_the_same_seed() -> None:
    def hits(seed: int) -> list[bool]:
        state = State([], seed)
        state.add_fault(Fault(kind=Kind.STATUS, rate=0.3))
        return [state.fault(EXTRACTION) is not None for _ in range(1_000)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 200 < sum(hits(1)) < 400


def test_scripted_answers_are_used_once_each_in_order_and_survive_a_reset_only_from_the_start() -> None:
    state = State([Canned(answer="first")], seed=0)
    state.add_answer(Canned(answer={"facts": []}, route="extraction"))
    texts = [answers.text(EXTRACTION, state.answer(EXTRACTION)) for _ in range(3)]
    assert texts == ["first", '{"facts": []}', rules.extraction(EXTRACTION.material)]

    state.reset()
    canned = state.answer(EXTRACTION)
    assert canned is not None
    assert canned.answer == "first"
    assert state.answer(EXTRACTION) is None


def test_mem0ai_gets_the_same_facts_from_its_new_messages_alone() -> None:
    sections = [
        "## Last k Messages\nuser: I live in Rome.\n",
        '## Existing Memories\n[{"id": "0", "text": "I ski."}]',
        "## New Messages\nuser: Hello! I live in Oslo. Do I?\nassistant: I am a program.\n",
        "## Observation Date\n2026-03-06",
    ]
    facts = json.loads(rules.additive_extraction("\n\n".join(sections)))["memory"]
    assert [fact["text"] for fact in facts] == ["I live in Oslo."]


def test_traffic_is_counted_by_route_and_forgotten_by_a_reset() -> None:
    state = State([], seed=0)
    messages = [{"role": "system", "content": "Four"}, {"role": "user", "content": "Seven.."}]
    for _ in range(2):
        state.traffic.asked("chat", messages, {"type": "text"})
    state.traffic.answered("chat", "Ten chars.", prompt_tokens=3, completion_tokens=2)
    state.traffic.embedded(["a", "bc"])

    chat = Flow(calls=2, system=8, material=14, response_format=2 * 15, answer=10, prompt_tokens=3, completion_tokens=2)
    assert state.counts().traffic == {"chat": chat, "embeddings": Flow(calls=1, texts=2, material=3)}

    state.reset()
    assert state.counts().traffic == {}
