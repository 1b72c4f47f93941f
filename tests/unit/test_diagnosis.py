"""What the doctor makes of the metrics: every figure that is wrong gets one sentence on what to do."""

from __future__ import annotations

import pytest

from scrubjay.cli.diagnosis import problems, read
from scrubjay.model import Thresholds

LIMITS = Thresholds()

WELL = {
    "scrubjay_backlog": "3",
    "scrubjay_backlog_limit": "1000",
    "scrubjay_backlog_drift": "0",
    "scrubjay_ledger_audits_total": "7",
    "scrubjay_ledger_audited_timestamp_seconds": "1774515600",
    "scrubjay_ledger_audit_late": "0",
    "scrubjay_lanes_awake": "2",
    "scrubjay_lanes_overdue": "0",
    "scrubjay_redis_used_bytes": "500",
    "scrubjay_redis_max_bytes": "1000",
    'scrubjay_oldest_waiting_seconds{tenant="default"}': "12.5",
    'scrubjay_redis_setting_safe{name="appendfsync",safe="always",value="always"}': "1",
    **{
        f'scrubjay_turns{{state="{state}",tenant="default"}}': count
        for state, count in {"accepted": "5", "settled": "1", "waiting": "3", "dead": "1", "erased": "0"}.items()
    },
}


def metrics(changes: dict[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in {**WELL, **changes}.items())


def test_a_stack_that_is_well_has_no_problems_and_all_figures_are_read() -> None:
    state = read(metrics({}))
    assert problems({"parts": {"redis": {"ok": True, "reason": None}}}, state, LIMITS) == []
    assert (state.gauge("backlog"), state.gauge("ledger_audits_total"), state.oldest_seconds) == (3, 7, 12.5)
    assert state.ledgers["default"].balanced
    assert f"{state.audited_at:%Y-%m-%d %H:%M}" == "2026-03-26 09:00"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({'scrubjay_turns{state="settled",tenant="default"}': "2"}, "Ledger mismatch for tenant default: 5 turns"),
        (
            {
                'scrubjay_turns{state="accepted",tenant="default"}': "7",
                'scrubjay_turns{state="lost",tenant="default"}': "2",
            },
            "2 waiting turns of default are lost",
        ),
        ({"scrubjay_backlog_drift": "-2"}, "The backlog's counter is wrong by -2"),
        ({"scrubjay_ledger_audit_late": "1"}, "see that a worker runs"),
        ({"scrubjay_lanes_overdue": "1"}, "1 of 2 lanes with work are overdue: start workers"),
        ({"scrubjay_backlog": "801"}, "801 of at most 1000 turns"),
        ({"scrubjay_clock_jumped_seconds": "-3600.2"}, "Redis' clock has jumped within a day, last by -3600.2 s"),
        ({"scrubjay_clock_ahead_seconds": "61"}, "Redis' clock is 61 s ahead of the API's"),
        ({"scrubjay_clock_ahead_seconds": "-61"}, "Redis' clock is 61 s behind the API's"),
        ({"scrubjay_redis_used_bytes": "810"}, "Redis uses 81% of its maxmemory"),
        (
            {
                'scrubjay_redis_setting_safe{name="appendfsync",safe="always",value="always"}': "0",
                'scrubjay_redis_setting_safe{name="appendonly",safe="yes",value="no"}': "0",
            },
            "Redis has appendonly no, so what was accepted can be lost: set `appendonly yes`",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(changes: dict[str, str], sentence: str) -> None:
    (problem,) = problems({}, read(metrics(changes)), LIMITS)
    assert sentence in problem


def test_a_redis_without_a_limit_or_an_older_server_is_no_problem() -> None:
    assert problems({}, read(metrics({"scrubjay_redis_max_bytes": "0"})), LIMITS) == []
    assert problems({}, read(""), LIMITS) == []


def test_a_part_that_is_down_is_named_with_its_reason_and_what_to_do() -> None:
    (sentence,) = problems({"parts": {"store": {"ok": False, "reason": "Qdrant is away."}}}, read(""), LIMITS)
    assert sentence.startswith("store does not work (Qdrant is away): see that Qdrant runs")


def test_lanes_that_back_off_and_turns_that_are_due_for_long_are_told_with_their_figures() -> None:
    figures = {"scrubjay_lanes_awake": "40", "scrubjay_lanes_backing_off": "4", "scrubjay_oldest_due_seconds": "83"}
    (sentence,) = problems({}, read(metrics(figures)), LIMITS)
    assert "4 of 40 lanes back off, the oldest due turn is due for 83 s" in sentence
    assert problems({}, read(metrics(figures)), Thresholds(lanes_percent=10, due_seconds=83)) == []
