"""A call of a model has failed: is the model away, or does it fail by what these turns say?

An outage is nobody's fault, whatever its length: nothing is counted. A turn that the model fails at again and again,
while it answers others, blocks its lane for ever: such tries are counted. Three things must agree for that. No more
than a few others fail as well. The model answers a small question of the same kind just now, many times in a row where
others fail. And for a turn to die, others were answered, or the small question was, many times in a row.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from scrubjay.errors import ModelUnavailable, Permanent, Transient
from scrubjay.ingest.new_versions import draft
from scrubjay.ingest.pipeline import DecisionServices
from scrubjay.llm.asking import asked_as_a_probe
from scrubjay.llm.usage import paid_by
from scrubjay.model import CallOutcomes, Fact, Lease, Message, Recalled, Role, Scope, Turn
from scrubjay.ports import EMBEDDING, EXTRACTION, Lanes

log = structlog.get_logger(__name__)

_ENOUGH = 3  # answers to others
_MANY = 10  # and so many need no more than one probe
_FEW = 3  # others that fail, each for itself
_SHARE = 4  # so many answers to others for each of their failures
_PROBES = 8  # in a row where others fail as well, and before a turn dies where few were answered

_KNOWN, _NEWS = "I live in Lisbon.", "I live in Porto."


async def suspected(lease: Lease, error: Transient, lanes: Lanes, services: DecisionServices) -> CallOutcomes | None:
    """Whether a failed try counts against the batch that is held; None where it does not.

    Args:
        lease: of its lane.
        error: what it failed by.
        lanes: knows what became of others' calls.
        services: with the models to probe.
    """
    record = error.outcomes if isinstance(error, ModelUnavailable) else None
    if record is None:
        return None
    seen = await lanes.outcomes(lease, record)
    others_fail = seen.failed * _SHARE > seen.answered
    if not seen.turns or (others_fail and seen.failing > _FEW):
        return None
    if seen.is_last and seen.answered < _ENOUGH and not seen.may_die_without_others:
        return None
    # A few others that fail may be such turns as well; then, and at the end, the model must be seen to be well.
    probes = _PROBES if others_fail or (seen.is_last and seen.answered < _MANY) else 1
    step = record.rpartition(":")[2]
    for _ in range(probes):
        if not await _answers(step, lease.lane.tenant, services):
            return None
    if seen.is_last and seen.answered < _ENOUGH:
        await lanes.outcomes(lease, record, dies=True)
    return seen


def obituary(error: Transient, seen: CallOutcomes) -> str:
    """The error of a turn that dies, as it stands in the dead letter."""
    tried = f"{seen.tries} times" if seen.tries > 1 else "once"
    return f"{error.code}: {error} This turn was tried {tried}, and each time the model answered another question."


async def _answers(step: str, tenant: str, services: DecisionServices) -> bool:
    """Whether a model answers a small question, right or wrong, in a step of remembering."""
    with asked_as_a_probe(), paid_by(tenant):
        try:
            await _asked(step, tenant, services)
        except Permanent:
            is_answered = True
        except Transient:
            is_answered = False
        else:
            is_answered = True
    log.info("model_probed", step=step, answered=is_answered)
    return is_answered


async def _asked(step: str, tenant: str, services: DecisionServices) -> None:
    now = datetime.now(UTC)
    scope, message = Scope(tenant=tenant, user_id="probe"), Message(role=Role.USER, content=_KNOWN)
    turn = Turn(id="probe", scope=scope, messages=(message,), accepted_at=now)
    if step == EMBEDDING:
        await services.embedder.embed([_KNOWN])
    elif step == EXTRACTION:
        await services.extractor.extract([turn])
    else:
        known, news = (Fact(turn_id=turn.id, text=text, category="", quote=text) for text in (_KNOWN, _NEWS))
        await services.reconciler.reconcile([news], [[Recalled(memory=draft(0, known, turn), score=1.0)]])
