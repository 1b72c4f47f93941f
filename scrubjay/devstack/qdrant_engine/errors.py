"""What the server refuses, each with the HTTP status and the message that Qdrant itself uses."""

from types import TracebackType


class Refusal(Exception):
    """A request that cannot be served; `status` is the HTTP status, the message is one sentence."""

    status = 400


class BadInput(Refusal):
    """The request is malformed or contradicts the collection."""


class Forbidden(Refusal):
    """The request comes from where none should."""

    status = 403


class NotFound(Refusal):
    """The collection or the point does not exist."""

    status = 404


class Conflict(Refusal):
    """The collection exists already."""

    status = 409


class NotServed(Refusal):
    """A Qdrant feature that this server does not have."""

    status = 501


class EngineFailure(Refusal):
    """The engine failed for a reason that the caller did not cause, such as a full disk."""

    status = 500


_MISSING_POINT = "No point with id"
_ENGINE_FAULT = ("Service", "Out of memory", "Inconsistent storage")


def refusal_for(error: BaseException) -> Refusal:
    """Translate an engine error into the refusal that a Qdrant server would answer with."""
    message = str(error)
    if message.startswith(_MISSING_POINT):
        return NotFound(f"Not found: {message} found")
    if message.startswith(_ENGINE_FAULT):
        return EngineFailure(message)
    return BadInput(f"Wrong input: {message}")


class _EngineErrors:
    """Turns what the engine raises into a `Refusal`.

    The bindings raise a bare `Exception` for every engine error and `ValueError` or `OverflowError` for
    values they cannot convert. Matching the exact type keeps our own mistakes visible.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and type(error) in (Exception, ValueError, OverflowError):
            raise refusal_for(error) from error


engine_errors = _EngineErrors()
