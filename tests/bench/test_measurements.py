"""The measurements' arithmetic, and each command at a tiny size: it runs, it sees what it is to see, it can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.claims import Claim
from tests.bench.fairness import __main__ as fairness
from tests.bench.fairness import erasing, noisy, poisoned, replaying, report
from tests.bench.fairness.figures import Activity, Comparison, Situation, Spread, Wait, percentile
from tests.bench.footprint import __main__ as footprint
from tests.bench.footprint.state import Kind, Memory, State, kind_of
from tests.bench.footprint.turns import Amount
from tests.bench.recovery import __main__ as recovery
from tests.bench.recovery.figures import Kill, Recovery, summary

HUNDRED = [float(number) for number in range(1, 101)]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "build"


def written(results: Path, name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((results / f"{name}.json").read_text())
    return figures


def test_a_percentile_is_one_of_the_values_and_the_last_one_is_the_greatest() -> None:
    assert [percentile(HUNDRED[::-1], share) for share in (0.01, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([1.0, 2.0, 3.0], 0.5) == percentile([2.0], 0.99) == 2


def test_situations_are_compared_by_the_medians_of_their_rounds() -> None:
    def wait(situation: Situation, times: float, *unfair: str) -> Wait:
        return Wait(situation, [times * value for value in HUNDRED], Activity({}, unfair))

    rounds = [wait(Situation.ALONE, times) for times in (1, 1, 50)]
    rounds += [wait(Situation.NOISY, times) for times in (0.1, 1.2)]
    comparison = Comparison([*rounds, wait(Situation.NOISY, 1.3, "only 7 turns waited"), wait(Situation.ERASING, 1.26)])

    assert comparison.ratio(Situation.NOISY) == pytest.approx(1.2)
    assert comparison.unfair() == ["beside a noisy tenant, only 7 turns waited"]
    assert [claim.is_held for claim in report.claims(comparison)] == [True, False]


def test_a_round_is_fair_only_when_something_went_on_beside_the_quiet_tenant() -> None:
    assert noisy.evidence(backlog=10, posted=30, first=10, last=5).unfair == []
    assert noisy.evidence(backlog=10, posted=30, first=10, last=4).unfair == ["only 4 turns waited"]
    assert poisoned.evidence({"a": 2, "b": 1}, {"a": 5, "b": 0}, {"a": 1}, 1).unfair == [
        "the model was not asked about b"
    ]
    assert replaying.evidence(8, [5, 0, 3]).unfair == []
    assert replaying.evidence(8, [8, 0]).unfair == ["only 8 turns were replayed, 1 times"]
    assert replaying.evidence(8, [5, 2]).unfair == ["only 7 turns were replayed, 2 times"]
    assert len(erasing.evidence([], []).unfair) == 4


def test_lanes_are_as_far_apart_as_the_first_and_the_last_that_is_done() -> None:
    assert Spread(4, [9.0, 10.0, 8.0]).apart == pytest.approx(0.2)


def test_a_recovery_is_over_when_nothing_is_left_that_was_accepted_before_the_kill() -> None:
    quick = Kill("worker-1", affected=[1.5, 2.5], others=[0.5], leases_left=[2.0], takeovers=[0.25])
    late = Kill("worker-2", affected=[4.5], others=[6.0], leases_left=[], takeovers=[])
    seen = Recovery(5, [quick, late], missed=0)

    assert (quick.recovery, quick.all_done, late.recovery, seen.worst) == (2.5, 2.5, 4.5, 6.0)
    assert seen.buckets(1) == [(2, 1), (3, 0), (4, 1)]
    assert summary([3.0, 1.0, 2.0]) == (2.0, 3.0)
    assert summary([]) == (0.0, 0.0)


def test_a_key_is_left_over_unless_it_is_permanent_or_ends_by_itself() -> None:
    kinds = {
        "sj:ledger": Kind(1, 100, 1),
        "sj:sweeper": Kind(1, 50, 0),
        "sj:breaker": Kind(2, 50, 1),
        "sj:turn": Kind(3, 900, 0),
    }
    assert State(Memory(0, 0, 0), 0, kinds, 0, 0).left_over == 4
    assert kind_of("sj:turn:default:abc") == "sj:turn"
    assert kind_of("sj:lanes") == "sj:lanes"
    assert kind_of("_kombu.binding.celery.pidbox") == "_kombu.binding"


def test_the_turns_of_a_long_run_are_spread_over_all_users_with_their_share_of_facts() -> None:
    amount = Amount(turns=1_000, users=50, facts=0.02, dead=10, erased=0)
    bodies = [amount.body(number) for number in range(1_010)]

    assert len({body["user_id"] for body in bodies[:1_000]}) == 50
    assert sum(amount.is_fact(number) for number in range(1_000)) == 20
    assert sum("poison" in str(body["messages"]) for body in bodies) == 10


def test_a_claim_is_held_up_to_its_limit() -> None:
    assert Claim("", 1.5, 1.5).is_held
    assert not Claim("", 1.5, 1.51).is_held


def test_the_fairness_command_sees_what_goes_on_beside_the_quiet_tenant(results: Path) -> None:
    tiny = ["--parts", "tenants", "--rounds", "1", "--workers", "1", "--lanes", "10", "--rate", "10", "--seconds", "1"]
    tiny += ["--beside", *list(report.OTHER_TENANTS), "--model-timeout", "1"]
    tiny += ["--users", "20", "--backlog", "40", "--poisoned", "3", "--poisoned-turns", "4", "--letters", "10"]
    status = fairness.main([*tiny, "--agent-users", "5"])

    figures = written(results, "bench-fairness")
    beside = {round_["situation"]: round_["beside"] for round_ in figures["rounds"]}
    unfair = [reason for round_ in figures["rounds"] for reason in round_["unfair"]]
    assert status == int(bool(unfair) or not all(claim["held"] for claim in figures["claims"]))
    assert [round_["turns"] for round_ in figures["rounds"]] == [10] * 5
    assert beside["noisy"]["waiting at the start"] > 20
    assert beside["poisoned"]["poison-embedding: calls a turn"] >= 2
    assert beside["replaying"]["turns replayed"] >= 10
    assert beside["erasing"]["users forgotten"] > 0


def test_the_fairness_command_sees_when_each_of_many_noisy_lanes_is_done(results: Path) -> None:
    assert fairness.main(["--parts", "contention", "--workers", "1", "--contenders", "4", "--contended", "10"]) == 0

    wide, narrow = written(results, "bench-fairness")["noisy_lanes"]
    assert (wide["places"], narrow["places"]) == (4, 2)
    assert [len(spread["seconds"]) for spread in (wide, narrow)] == [4, 4]


def test_the_recovery_command_sees_turns_that_needed_another_worker(results: Path) -> None:
    status = recovery.main(["--kills", "1", "--lease", "2"])

    figures = written(results, "bench-recovery")
    (kill,) = figures["kills"]
    assert len(kill["affected"]) > 0
    assert min(kill["affected"]) > 0
    assert 0 < max(kill["leases_left"]) <= 2.5
    assert status == int(not figures["claims"][0]["held"])


def test_the_footprint_command_names_every_key_that_is_left(results: Path) -> None:
    """Retention is a minute at least: this does not wait for it, so the turns are still there, and it says so."""
    arguments = [
        "--workers",
        "1",
        "--turns",
        "200",
        "--users",
        "5",
        "--facts",
        "0.1",
        "--dead",
        "5",
        "--erased",
        "1",
        "--patience",
        "-60",
    ]
    assert footprint.main(arguments) == 1

    figures = written(results, "bench-footprint")
    kinds = figures["after"]["kinds"]
    assert kinds["sj:turn"]["keys"] == 205
    assert kinds["sj:ledger"] == {"keys": 1, "bytes": kinds["sj:ledger"]["bytes"], "without_ttl": 1}
    assert figures["after"]["points"] > 0
    assert figures["books"]["erased"] == 45
    assert figures["claims"][2]["held"]
