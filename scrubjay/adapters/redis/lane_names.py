"""The keys of a lane, and what the scripts of lanes are run with: its name is made with a key that Redis keeps.

A lane is named by a keyed hash, so that no key, message or page of the broker holds an owner's id. See the decision of
2026-12-01 in `docs/decisions/lanes.md`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from scrubjay.adapters.redis.keys import Keys
from scrubjay.adapters.redis.scripts.order import drawn
from scrubjay.adapters.redis.scripts.processes import lane_names
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts, answered
from scrubjay.model import Lane

T = TypeVar("T")
log = structlog.get_logger(__name__)

_KEY_BYTES = 32  # as 64 hexadecimal digits, as many as BLAKE2b takes
_NAME_BYTES = 16  # 22 characters
_ID_BYTES = 8
_RENAMED = b"renamed"


@dataclass(frozen=True, slots=True)
class LaneKeys:
    """The names of one lane's keys.

    Args:
        keys: makes them.
        id: what stands for the lane: its tenant, its kind and a keyed hash of its owner's id. See `lane_names`.
    """

    keys: Keys
    id: str

    @property
    def tenant(self) -> str:
        """Whose lane it is."""
        return self.id.partition(":")[0]

    @property
    def id_in_tenant(self) -> str:
        """The lane's id without its tenant."""
        return self.id.partition(":")[2]

    @property
    def waiting(self) -> str:
        """The ids of the lane's turns that wait, in order."""
        return self.keys.lane_key("wait", self.id)

    @property
    def counters(self) -> str:
        """The lane's clock and counters."""
        return self.keys.lane_key("lane", self.id)

    @property
    def lease(self) -> str:
        """The lane's lease."""
        return self.keys.lane_key("lease", self.id)

    @property
    def erasing(self) -> str:
        """The token of the erase that holds the lane's lease."""
        return self.keys.lane_key("erasing", self.id)

    @property
    def plan(self) -> str:
        """The lane's recorded plan."""
        return self.keys.lane_key("plan", self.id)

    @property
    def owned(self) -> str:
        """The lane's turns by time."""
        return self.keys.lane_key("owned", self.id)

    @property
    def dead(self) -> str:
        """The lane's dead turns by time."""
        return self.keys.lane_key("dead", self.id)

    @property
    def hook_outbox(self) -> str:
        """The lane's settled turns of which the webhooks have not been told yet, by id and in order."""
        return self.keys.lane_key("hook_outbox", self.id)

    @property
    def ledger(self) -> str:
        """The ledger of the lane's tenant."""
        return self.keys.ledger(self.tenant)

    @property
    def prefixes(self) -> tuple[str, str]:
        """What the turn keys and the status sets of the lane's tenant start with."""
        return self.keys.turn_prefix(self.tenant), self.keys.status_prefix(self.tenant)


class LanesRenamedError(Exception):
    """The key that lanes are named with is another one by now, as Redis was emptied: the step is to be done again."""


async def with_current_names(step: Callable[[], Awaitable[T]]) -> T:
    """Run a script in which a lane may begin, again where it raises LanesRenamedError."""
    while True:
        try:
            return await step()
        except LanesRenamedError:
            log.warning("lanes_renamed")


class LaneScripts:
    """Runs scripts, and makes the names of lanes.

    Args:
        scripts: runs them.
    """

    def __init__(self, scripts: RedisScripts) -> None:
        self.scripts = scripts
        self._key: bytes | None = None
        self._is_current = False

    @property
    def keys(self) -> Keys:
        """Makes the keys that are of no lane."""
        return self.scripts.keys

    async def of(self, lane: Lane) -> LaneKeys:
        """The keys of a lane: tenant, kind, and 22 characters of a keyed BLAKE2b (RFC 7693) of all that names it.

        Raises InboxUnavailable while the key was not read yet and Redis is away.
        """
        digest = hashlib.blake2b(lane.key.encode(), key=await self._names_key(), digest_size=_NAME_BYTES).digest()
        name = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return LaneKeys(self.keys, f"{lane.tenant}:{lane.kind}:{name}")

    async def key_id(self) -> str:
        """What tells the key of the names from another: scripts in which a lane may begin compare it with Redis'."""
        return _key_id(await self._names_key())

    async def refresh(self) -> None:
        """See whether the key is still the one that Redis keeps: before lanes are read that no script compares it for.

        Another process may have made one since, as Redis was emptied. Raises InboxUnavailable.
        """
        kept = await answered(self.scripts.redis.hget(self.keys.lane_names, "id"))
        self._is_current = self._key is not None and kept == _key_id(self._key).encode()

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run a script. See `RedisScripts.run`."""
        return await self.scripts.run(name, keys, args)

    def drawn(self, answer: Any) -> Any:
        """The answer of a script in which a lane may begin. Raises OrderUnseededError and LanesRenamedError."""
        if answer == _RENAMED:
            self._is_current = False
            raise LanesRenamedError
        return drawn(answer)

    async def _names_key(self) -> bytes:
        if self._key is None or not self._is_current:
            # Where Redis has lost everything, all go on with the key that the first one has.
            ours = self._key or secrets.token_hex(_KEY_BYTES).encode()
            self._key = await lane_names(self.scripts, ours, _key_id(ours))
            self._is_current = True
        return self._key


def _key_id(key: bytes) -> str:
    return hashlib.blake2b(key, person=b"lane names", digest_size=_ID_BYTES).hexdigest()
