"""Logging: one JSON object a line on standard error. Events are constants, facts are fields, never a person's text.

What an exception says may hold what somebody said: a validation error quotes its input, a provider's error its request.
So logs tell its kind and the places that it came through, and not its words; that holds for what libraries log as well.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
import warnings
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

import structlog
from structlog.typing import EventDict

from scrubjay.errors import ScrubjayError

T = TypeVar("T")

# At their lower levels these write whole requests and answers.
_CHATTY = ("openai", "httpx", "httpcore", "qdrant_client", "kombu", "celery.pool")
_PLACE_PARTS = 3
_MOST_FRAMES = 40
_MOST_ERRORS = 10


def configure(level: str = "info") -> None:
    """Set up this process: structlog's lines, and that neither libraries nor warnings log anybody's words.

    Args:
        level: the lowest level that is written: debug, info, warning or error.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_text,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    guard()


def join() -> None:
    """Log as a guest in somebody else's program: through the standard library's logging, as far as they let us.

    Nothing is changed where that program has set structlog up itself.
    """
    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.contextvars.merge_contextvars,
                _without_text,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )


def guard() -> None:
    """The part of it that concerns libraries."""
    logging.setLogRecordFactory(_record)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.showwarning = _warned


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what fails on a loop where nobody waits for it; by itself the loop would write the exception's words."""
    loop.set_exception_handler(_loop_failed)


async def attempted(
    step: str, work: Awaitable[T], *, expected: type[ScrubjayError] | tuple[type[ScrubjayError], ...] = ()
) -> T | None:
    """Do one step of a task that goes on in the background for ever: one that fails is logged and ends nothing.

    Args:
        step: its name, for the log.
        work: what it does.
        expected: failures that others tell of, so that nothing is logged.

    Returns None where it has failed: it is done again the next time.
    """
    log = structlog.get_logger(__name__)
    try:
        return await work
    except expected:
        return None
    except ScrubjayError as error:
        log.warning("step_failed", step=step, error=error.code, reason=error.plain)
    except Exception:  # a task that has ended is missed by nobody until it is too late
        log.exception("step_failed", step=step)
    return None


def places(error: BaseException) -> list[dict[str, Any]]:
    """An exception and what caused it, without their words: of each its type and the places that it came through."""
    return [
        {"type": f"{type(link).__module__}.{type(link).__qualname__}", "at": [_place(*step) for step in _steps(link)]}
        for link, _ in zip(_chain(error, set()), range(_MOST_ERRORS), strict=False)
    ]


def _chain(error: BaseException | None, met: set[int]) -> Iterator[BaseException]:
    """Walk an exception's causes, contexts and group members, each once, for a log line that names them."""
    if error is None or id(error) in met:
        return
    met.add(id(error))
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _chain(member, met)
    yield from _chain(error.__cause__ or (None if error.__suppress_context__ else error.__context__), met)


def _steps(error: BaseException) -> list[tuple[str, int, str]]:
    walked = traceback.walk_tb(error.__traceback__)
    steps = [(frame.f_code.co_filename, line, frame.f_code.co_qualname) for frame, line in walked]
    return steps[-_MOST_FRAMES:]


def _place(file: str, line: int, function: str) -> str:
    return f"{'/'.join(Path(file).parts[-_PLACE_PARTS:])}:{line} {function}"


def _without_text(_: Any, __: str, event: EventDict) -> EventDict:
    """Replace an exception by the places that it came through."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if info is True:
        error = sys.exc_info()[1]
    return {**event, "exception": places(error)} if error is not None else event


def _record(*fields: Any, **options: Any) -> logging.LogRecord:
    """Make a library's log record: of its exceptions the types and places alone. The arguments are `LogRecord`'s."""
    record = logging.LogRecord(*fields, **options)
    record.msg = _type_of_exception(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(_type_of_exception(argument) for argument in record.args)
    error = record.exc_info[1] if record.exc_info else None
    record.exc_info = None
    if error is not None:
        record.exc_text = "\n".join(f"{link['type']}: {' < '.join(reversed(link['at']))}" for link in places(error))
    return record


def _type_of_exception(value: Any) -> Any:
    """The name of an exception's type; any other value as it is."""
    return type(value).__qualname__ if isinstance(value, BaseException) else value


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Log a Python warning by its category and place, without its text; it stands in for `warnings.showwarning`."""
    structlog.get_logger(__name__).warning(
        "python_warned", category=category.__qualname__, at=_place(filename, lineno, "")
    )


def _loop_failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # Behind its first words the message shows tasks and callbacks with all that they hold.
    what = str(context.get("message", "")).partition(" <")[0].partition("\n")[0]
    structlog.get_logger(__name__).error("loop_failed", what=what, exc_info=context.get("exception"))
