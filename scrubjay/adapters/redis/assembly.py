"""The adapters of the turns on Redis, put together: each part is made once."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.adapters.redis.audit import RedisAudit
from scrubjay.adapters.redis.batches import RedisBatches
from scrubjay.adapters.redis.core import RedisCore
from scrubjay.adapters.redis.dead_letters import RedisDeadLetters
from scrubjay.adapters.redis.digests import RedisDigests
from scrubjay.adapters.redis.erase.epochs import RedisEpochs
from scrubjay.adapters.redis.erase.removal_notes import RedisRemovalNotes
from scrubjay.adapters.redis.erase.turn_erasure import RedisTurnErasure
from scrubjay.adapters.redis.failures import RedisFailures
from scrubjay.adapters.redis.intake import RedisIntake
from scrubjay.adapters.redis.lanes import RedisLanes
from scrubjay.adapters.redis.leasing import RedisLeasing
from scrubjay.adapters.redis.pulse import RedisPulse
from scrubjay.adapters.redis.sweeper import RedisSweeper
from scrubjay.adapters.redis.webhooks.announcing import RedisAnnouncements
from scrubjay.adapters.redis.webhooks.deliveries import RedisDeliveries
from scrubjay.adapters.redis.webhooks.outbox import FanOut
from scrubjay.adapters.redis.webhooks.registry import RedisWebhooks
from scrubjay.adapters.redis.webhooks.wakeups import HookWakeups

_SEND_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class TurnAdapters:
    """What takes turns in, works on them and tells webhooks of them, by port."""

    intake: RedisIntake
    sweeper: RedisSweeper
    dead_letters: RedisDeadLetters
    turn_erasure: RedisTurnErasure
    removal_notes: RedisRemovalNotes
    lanes: RedisLanes
    watch: RedisAudit
    pulse: RedisPulse
    digests: RedisDigests
    webhooks: RedisWebhooks
    deliveries: RedisDeliveries


def turn_adapters(core: RedisCore, send_seconds: float = _SEND_SECONDS) -> TurnAdapters:
    """Put the adapters together.

    Args:
        core: what they share.
        send_seconds: how long an attempt to deliver to a webhook may take.
    """
    redis, scripts = core.redis, core.scripts
    pulse = RedisPulse(redis, scripts)
    audit = RedisAudit(redis, scripts, pulse, core.limits)
    epochs = RedisEpochs(redis, core.pseudonyms, core.keys)
    digests = RedisDigests(redis, core.pseudonyms, core.keys)
    registry = RedisWebhooks(redis, scripts, core.pseudonyms)
    fan_out = FanOut(scripts, core.limits.retention_seconds)
    hook_wakeups = HookWakeups(redis, scripts, core.wakeups)
    announcements = RedisAnnouncements(core, fan_out, hook_wakeups)
    removal_notes = RedisRemovalNotes(core)
    return TurnAdapters(
        intake=RedisIntake(core),
        sweeper=RedisSweeper(core, audit, hook_wakeups),
        dead_letters=RedisDeadLetters(core),
        turn_erasure=RedisTurnErasure(core, epochs, removal_notes, digests, fan_out),
        removal_notes=removal_notes,
        lanes=RedisLanes(
            RedisLeasing(core),
            RedisBatches(core, epochs, announcements),
            RedisFailures(core),
            epochs,
            announcements,
        ),
        watch=audit,
        pulse=pulse,
        digests=digests,
        webhooks=registry,
        deliveries=RedisDeliveries(core, fan_out, hook_wakeups, registry, send_seconds),
    )
