"""What an error of Redis means, told from its text as Redis 6.2, 7 and Valkey write it."""

from __future__ import annotations

import pytest
from redis._parsers import BaseParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from scrubjay.adapters.redis.refusals import Refusal, blamed, leads_elsewhere, refusal_of, sentence

IN_62 = "ERR Error running script (call to f_8): @user_script:28: @user_script: 28: "
CASES = [
    ("READONLY You can't write against a read only replica.", Refusal.READONLY),
    (IN_62 + "-READONLY You can't write against a read only replica.", Refusal.READONLY),
    ("READONLY You can't write against a read only replica. script: f, on @user_script:28.", Refusal.READONLY),
    ("LOADING Redis is loading the dataset in memory", Refusal.LOADING),
    ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Refusal.MASTERDOWN),
    ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
     Refusal.UNBLOCKED),
    ("NOREPLICAS Not enough good replicas to write.", Refusal.NOREPLICAS),
    ("MISCONF Errors writing to the AOF file: No space left on device", Refusal.MISCONF),
    (IN_62 + "-MISCONF Errors writing to the AOF file: No space left on device", Refusal.MISCONF),
    (IN_62 + "-OOM command not allowed when used memory > 'maxmemory'.", Refusal.OOM),
    ("OOM command not allowed when used memory > 'maxmemory'. script: f, on @user_script:1.", Refusal.OOM),
    ("WRONGPASS invalid username-password pair or user is disabled.", Refusal.NOAUTH),
    ("NOAUTH Authentication required.", Refusal.NOAUTH),
    ("NOPERM this user has no permissions to access one of the keys used as arguments", Refusal.NOPERM),
    (IN_62 + "The user executing the script can't run this command or subcommand", Refusal.NOPERM),
    ("ERR ACL failure in script: No permissions to access a key script: f, on @user_script:1.", Refusal.NOPERM),
    ("ERR DB index is out of range", Refusal.DATABASE),
    ("ERR unknown command `FOO`, with args beginning with: `a: READONLY text`, ", Refusal.OTHER),
    (IN_62 + "attempt to compare nil with number", Refusal.OTHER),
]  # fmt: skip


def error_of(text: str) -> Exception:
    """As redis-py makes it of what came over the wire."""
    error = BaseParser.parse_error(text)  # type: ignore[no-untyped-call] # theirs
    assert isinstance(error, Exception)
    return error


@pytest.mark.parametrize(("text", "refusal"), CASES)
def test_each_way_to_refuse_is_told_apart(text: str, refusal: Refusal) -> None:
    error = error_of(text.removeprefix("ERR "))
    assert refusal_of(error) is refusal
    assert sentence(refusal, error).startswith("Redis ")


def test_no_answer_is_no_refusal() -> None:
    assert refusal_of(RedisConnectionError("gone")) is None
    assert "does not answer" in sentence(None, RedisConnectionError("gone"))


def test_only_what_a_server_says_that_is_no_primary_closes_connections() -> None:
    closing = {refusal for text, refusal in CASES if leads_elsewhere(error_of(text.removeprefix("ERR ")))}
    assert closing == {Refusal.READONLY, Refusal.LOADING, Refusal.MASTERDOWN, Refusal.UNBLOCKED}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("NOPERM this user has no permissions to run the 'info' command or its subcommand", "INFO"),
        ("NOPERM User u has no permissions to run the 'config|get' command", "CONFIG|GET"),
    ],
)
def test_a_command_that_the_user_may_not_run_is_named(text: str, command: str) -> None:
    assert sentence(Refusal.NOPERM, error_of(text)) == f"Redis refused: its user may not run {command}"


def test_the_log_is_told_the_code_and_the_line_and_nothing_that_a_person_said() -> None:
    assert blamed(error_of(IN_62.removeprefix("ERR ") + "-READONLY You can't write")) == "READONLY in line 28"
    assert blamed(ResponseError("WRONGTYPE of I live in Berlin")) == "WRONGTYPE"
