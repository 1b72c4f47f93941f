"""Errors of the house. Each is Transient (try again later, it costs nothing) or Permanent (trying again repeats it)."""

from __future__ import annotations


class ScrubjayError(Exception):
    """Base of every error that Scrubjay raises on purpose; its text is one sentence for a person."""

    code = "error"

    @property
    def plain(self) -> str:
        """The sentence for a log: after its first colon may stand others' words, and in them what a person said."""
        return str(self).partition(": ")[0].rstrip(".")


def reason_of(error: BaseException) -> str:
    """The reason for a log, of any error: our own sentence, else the error's kind, as its text may hold anything."""
    return error.plain if isinstance(error, ScrubjayError) else type(error).__name__


class Transient(ScrubjayError):
    """A part is away for now: the same call may succeed later.

    Args:
        message: one sentence.
        retry_after_seconds: how long the other side asked us to wait, if it did.
    """

    code = "unavailable"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Permanent(ScrubjayError):
    """The same call would fail again in the same way."""

    code = "permanent"


class InboxUnavailable(Transient):
    """Redis is away or refuses writes."""

    code = "inbox_unavailable"


class InboxRefused(InboxUnavailable):
    """Redis is there and refuses a step: asking again at once gets the same answer."""


class InboxFull(Transient):
    """The backlog limit is reached; nothing was accepted."""

    code = "backlog_full"


class LaneBusy(Transient):
    """Somebody else holds the lane's lease."""

    code = "lane_busy"


class StoreUnavailable(Transient):
    """Qdrant is away."""

    code = "store_unavailable"


class ModelUnavailable(Transient):
    """The language model or the embedding service is away, overloaded or refuses our key.

    Args:
        message: one sentence.
        retry_after_seconds: how long the other side asked us to wait, if it did.
        for_any_request: whether any other request would have failed as well: nobody listens, or there are too many.

    `outcomes` names the record of such calls, where this one may have failed by what was asked (see `Lanes.outcomes`).
    """

    code = "model_unavailable"

    def __init__(
        self, message: str, *, retry_after_seconds: float | None = None, for_any_request: bool = False
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.for_any_request = for_any_request
        self.outcomes: str | None = None


class ModelRefused(ModelUnavailable):
    """The provider refuses our key, our account or the model's name: every call fails until a person mends it."""


class NewerFormat(Transient):
    """A document of a newer Scrubjay: only a process of that version, or a later one, can read it.

    Args:
        what: what it is, for the sentence.
        version: its format; None where it names none, so that it is of before the first release.
        known: the newest format that we read.
    """

    code = "newer_format"

    def __init__(self, what: str, version: object, known: int) -> None:
        if version is None:
            reason = "names no format: it is not Scrubjay's, or of before the first release"
            remedy = "begin with an empty Redis and Qdrant"
        else:
            reason = f"was written by a newer Scrubjay (format {version}, this one reads up to {known})"
            remedy = "upgrade this process"
        super().__init__(f"{what} {reason}; {remedy}")


class Unreadable(Permanent):
    """A document was sealed with a server key that is not ours."""

    code = "unreadable"


class StoreRejected(Permanent):
    """Qdrant refused this request, and takes others of its kind."""

    code = "store_rejected"


class BadAnswer(Permanent):
    """The model's answer was invalid, and invalid again after being asked once more."""

    code = "bad_answer"


class ModelRejected(Permanent):
    """The provider answered that the request itself is wrong (for example: too long)."""

    code = "model_rejected"


class DeadTurn(Permanent):
    """Whoever waited for a turn hears that it died; the text is its error."""

    code = "dead"


class LeaseLost(ScrubjayError):
    """The lane's lease is no longer ours: whatever was decided under it must not be written."""

    code = "lease_lost"


class IdempotencyConflict(ScrubjayError):
    """The idempotency key was used before with another body."""

    code = "idempotency_conflict"


class Unauthorized(ScrubjayError):
    """Authentication failed: the API key is missing or invalid."""

    code = "unauthorized"


class Forbidden(ScrubjayError):
    """Whoever asks may not do this."""

    code = "forbidden"


class RateLimited(Transient):
    """Whoever asks has asked too often."""

    code = "rate_limited"


class IdentityUnavailable(Transient):
    """The identity provider's keys cannot be had, so nobody knows whether a token is good."""

    code = "identity_unavailable"


class NotFound(ScrubjayError):
    """There is no such turn or memory for this tenant."""

    code = "not_found"


class MemoryNotFound(NotFound):
    """There is no such memory for this tenant, or none within the caller's reach."""

    def __init__(self) -> None:
        super().__init__("there is no memory with this id")


class BadRequest(ScrubjayError):
    """The request says something that cannot be done; the text says what would be right."""

    code = "bad_request"


class FilterNotServed(ScrubjayError):
    """The store at hand cannot serve a condition of the filter; the text names the field."""

    code = "filter_not_served"


class Misdated(BadRequest):
    """A time that cannot be true; the text names the field."""

    code = "invalid"


class BadConfiguration(ScrubjayError):
    """A setting is missing or contradicts another; the text says which and what would be right."""

    code = "bad_configuration"


class NoModel(ScrubjayError):
    """A language model is needed and none is configured."""

    code = "no_model"


class NotOffered(ScrubjayError):
    """What is asked for is known and not built; the text names it, and says what there is instead."""

    code = "not_offered"


class TurnFinished(ScrubjayError):
    """The turn does not wait any more: it is settled, or was erased before."""

    code = "turn_finished"


class NothingToUndo(ScrubjayError):
    """The memory has never changed."""

    code = "nothing_to_undo"
