"""Logs tell what an exception is and where it came from, and nothing of what it says."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from pydantic import ValidationError

from scrubjay import logging_setup
from scrubjay.errors import ModelRejected, StoreRejected
from scrubjay.model import Scope
from scrubjay.settings import Settings

SECRET = "hunter2-and-nothing-else"


@pytest.fixture(autouse=True)
def written() -> Iterator[StringIO]:
    """What a process writes that is set up so; afterwards it is as it was."""
    factory, show, levels = logging.getLogRecordFactory(), warnings.showwarning, logging.getLogger("openai").level
    logging_setup.configure("debug")
    lines = StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(lines), cache_logger_on_first_use=False)
    yield lines
    logging.setLogRecordFactory(factory)
    warnings.showwarning = show
    logging.getLogger("openai").setLevel(levels)
    structlog.reset_defaults()


def failed() -> BaseException:
    """An exception with a cause, both of which quote."""
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        return error
    raise AssertionError(f"{SECRET} is a number")


def test_an_exception_is_told_by_its_type_and_its_places_and_so_is_its_cause(
    written: StringIO,
) -> None:
    structlog.get_logger().error("task_failed", exc_info=failed())
    line = written.getvalue()
    assert SECRET not in line
    chain = json.loads(line)["exception"]
    assert [link["type"] for link in chain] == ["builtins.KeyError", "builtins.ValueError"]
    assert [link["at"][0].endswith(" failed") and "test_log.py:" in link["at"][0] for link in chain] == [True, True]


def test_an_exception_group_is_told_with_what_is_in_it() -> None:
    chain = logging_setup.places(BaseExceptionGroup(SECRET, [failed(), ValueError(SECRET)]))
    assert [link["type"].rpartition(".")[2] for link in chain] == [
        "ExceptionGroup", "KeyError", "ValueError", "ValueError",
    ]  # fmt: skip
    assert SECRET not in str(chain)


def test_what_a_library_logs_of_an_exception_is_told_the_same_way(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("some.library")
    try:
        raise failed()
    except KeyError:
        logger.exception("Exception in ASGI application")
    logger.error("it said %s of %r", ValueError(SECRET), "ana")
    logger.error(ValueError(SECRET))
    logged = "\n".join(logging.Formatter().format(record) for record in caplog.records)
    assert SECRET not in logged
    assert "builtins.KeyError: " in logged
    assert "it said ValueError of 'ana'" in logged


def test_a_warning_is_told_by_its_kind_and_its_place(written: StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging_setup.guard()
        warnings.warn(SECRET, UserWarning, stacklevel=1)
    line = json.loads(written.getvalue())
    assert (line["event"], line["category"]) == ("python_warned", "UserWarning")
    assert "test_log.py" in line["at"]


async def test_a_task_that_nobody_waits_for_fails_without_a_word(written: StringIO) -> None:
    loop = asyncio.get_running_loop()
    logging_setup.watch(loop)

    async def fail(text: str) -> None:
        raise ValueError(text)

    task = loop.create_task(fail(SECRET))
    await asyncio.wait([task])
    context = {"message": f"Task exception was never retrieved {task!r}", "exception": task.exception(), "task": task}
    loop.call_exception_handler(context)
    line = json.loads(written.getvalue())
    assert (line["event"], line["what"]) == ("loop_failed", "Task exception was never retrieved")
    assert SECRET not in str(line)


def test_libraries_that_would_write_whole_requests_do_not() -> None:
    assert [name for name in ("openai", "httpx", "qdrant_client") if logging.getLogger(name).isEnabledFor(20)] == []


def test_what_an_error_quotes_of_others_is_no_part_of_its_plain_sentence() -> None:
    assert ModelRejected(f"The model m refused the request with HTTP 400: {SECRET}").plain == (
        "The model m refused the request with HTTP 400"
    )
    assert StoreRejected("Qdrant is full.").plain == "Qdrant is full"


def test_a_value_that_is_refused_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as refused:
        Scope.model_validate({"tenant": f"{SECRET}!", "other": SECRET})
    assert SECRET not in str(refused.value)
    with pytest.raises(ValidationError) as settings:
        Settings.model_validate({"openai_api_key": SECRET, "server_key": SECRET[:20], "lease_seconds": -1})
    assert SECRET[:20] not in str(settings.value)


def test_a_process_that_cannot_start_for_its_settings_tells_no_key() -> None:
    code = "from scrubjay.settings import Settings; Settings()"
    environment = {"SCRUBJAY_SERVER_KEY": SECRET[:20], "OPENAI_API_KEY": SECRET, "SCRUBJAY_RETENTION_SECONDS": "60",
                   "SCRUBJAY_TEXT_RETENTION_SECONDS": "61"}  # fmt: skip
    for left_out in ("", "SCRUBJAY_SERVER_KEY"):
        given_environment = {name: value for name, value in environment.items() if name != left_out}
        run = subprocess.run(
            [sys.executable, "-c", code], env=given_environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 1
        assert "ValidationError" in run.stderr
        assert SECRET[:20] not in run.stderr
