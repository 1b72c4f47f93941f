"""What the server says on stderr: one JSON line per event. Never text, vectors or keys of a payload."""

import logging
import sys
from typing import Any

import orjson

from scrubjay import logging_setup

READY = "qdrant_ready"
STOPPED = "qdrant_stopped"
REFUSED_TO_START = "qdrant_refused_to_start"
ENGINE_FAILED = "qdrant_engine_failed"
COMPACTED = "qdrant_compacted"
COMPACTION_ABANDONED = "qdrant_compaction_abandoned"

_logger = logging.getLogger("scrubjay.qdrant")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One log event of the embedded Qdrant server as a line of JSON: event, level, time, fields, trace."""
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "at": record.created,
        }
        line |= getattr(record, "fields", {})
        if record.exc_text:
            line["trace"] = record.exc_text
        return orjson.dumps(line, default=str).decode()


def configure() -> None:
    """Send this server's events and uvicorn's warnings to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging_setup.guard()
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(logging.INFO)


def first_clause(error: Exception) -> str:
    """The message of a Qdrant engine error up to its first colon, for the log, without what it quotes behind that."""
    return str(error).partition(": ")[0]


def say(event: str, **fields: Any) -> None:
    """Log a normal event of the embedded Qdrant server, such as ready or compacted, as a JSON line on stderr."""
    _logger.info(event, extra={"fields": fields})


def warn(event: str, **fields: Any) -> None:
    """Log a warning event of the embedded Qdrant server, such as an engine failure, as a JSON line on stderr."""
    _logger.warning(event, extra={"fields": fields})
