"""The Qdrant server at the other end: its answers in our own terms, its version, and what our key may do there.

No byte of an answer goes further than this file and the log. The log has the server's message masked, cut, without its
quotations, and once a minute for each status.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from typing import TypeVar

import httpx
import orjson
import structlog
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from scrubjay.adapters.qdrant.server_versions import Version
from scrubjay.errors import StoreRejected, StoreUnavailable
from scrubjay.safety.detectors import SecretMask

log = structlog.get_logger(__name__)
T = TypeVar("T")

KEY_REFUSED = "Qdrant refuses the key ({status}): look at SCRUBJAY_QDRANT_API_KEY"
READ_ONLY = "Qdrant's key may read but not write (403): give SCRUBJAY_QDRANT_API_KEY one that may do both"
SILENT = "Qdrant does not answer; try again shortly"
# Known causes, by what the server says of them. Everything else is told by its status alone.
_CAUSES = {"no space left on device": "Qdrant's disk is full; make room, waiting turns then continue automatically"}
_REFUSED = (400, 409, 422)
NO_ID_OF_OURS = 0  # ours are UUIDs
_TRY_SECONDS = 60.0
_MOST_CHARACTERS = 300
_QUOTED = re.compile(r'"[^"]*"')


class StoreMissing(StoreUnavailable):
    """The collection is gone: it is made again at the next call."""


class NoAnswer(StoreUnavailable):
    """No answer came: the server is away, too slow, or has hung up.

    Args:
        hung_up: the connection was there and the server closed it, as Qdrant does on a body that is too large.
    """

    def __init__(self, *, hung_up: bool) -> None:
        super().__init__(SILENT)
        self.hung_up = hung_up


class TooLarge(StoreRejected):
    """The server takes no body of this size."""


class QdrantConnection:
    """Awaits calls of the client, and knows what the server can do.

    Args:
        client: an open client; closed by whoever opened it.
    """

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client
        self._mask = SecretMask()
        self._version = Version()
        self.losses = 0  # how often there was no answer, or no collection: what was known before may hold no more
        self._is_met = False
        self._read_fault: str | None = None
        self._write_fault: str | None = None
        self._tried_at = float("-inf")  # on the event loop's clock, in seconds
        self._logged_at: dict[int, float] = {}

    @property
    def version(self) -> Version:
        """The server's version as last read; before that, one that can do everything."""
        return self._version

    async def answer(self, call: Awaitable[T], *, writes: bool = False) -> T:
        """Await a call of the client.

        Args:
            call: the call.
            writes: it changes something.

        Raises StoreUnavailable (try later) or StoreRejected (the request is wrong).
        """
        try:
            result = await call
        except UnexpectedResponse as error:
            raise self._refusal(error, writes=writes) from error
        except ResourceExhaustedResponse as error:
            raise StoreUnavailable("Qdrant asks for a pause (429)", retry_after_seconds=error.retry_after_s) from error
        except (ResponseHandlingException, ApiException, QdrantException, OSError) as error:
            self.lost()
            raise NoAnswer(hung_up=_hung_up(error)) from error
        self._read_fault = None
        if writes:
            self._write_fault = None
        return result

    def lost(self) -> None:
        """What is known of the server is to be read again, and the collection too: another one may answer next."""
        self.losses += 1
        self._is_met, self._tried_at = False, float("-inf")

    async def meet(self) -> Version:
        """The server's version, read where it is not known. Raises StoreUnavailable, also where it is too old."""
        if not self._is_met:
            try:
                text = (await self.answer(self._client.info())).version
            except StoreMissing:  # what stands before the server hides its first page
                text = ""
            version = Version.read(text)
            version.require()
            if version.limits:
                log.warning("store_limited", version=version.name, limits=list(version.limits))
            self._version, self._is_met = version, True
        return self._version

    async def check(self, collection: str | None) -> None:
        """Whether the server lets us read and write: tried at most once a minute, and again after it was away.

        Args:
            collection: where to try to write; None: nowhere, as there is none yet.

        Raises StoreUnavailable, in one sentence that says what to do.
        """
        now = asyncio.get_running_loop().time()
        if now - self._tried_at <= _TRY_SECONDS:
            await self.answer(self._client.collection_exists(collection or "memories"))
        else:
            await self.meet()
            await self._try_to_read()
            if collection is not None:
                await self.try_to_write(collection)
            self._tried_at = now
        if fault := self._read_fault or self._write_fault:
            raise StoreUnavailable(fault)

    async def _try_to_read(self) -> None:
        try:
            await self.answer(self._client.get_collections())
        except StoreRejected as error:
            raise StoreUnavailable(str(error)) from error

    async def try_to_write(self, collection: str) -> None:
        """Delete what cannot exist. A refusal is kept for `check`, not raised. Raises NoAnswer."""
        nothing = models.PointIdsList(points=[NO_ID_OF_OURS])
        try:
            await self.answer(self._client.delete(collection, nothing, wait=True), writes=True)
        except StoreMissing:
            return
        except StoreRejected as error:
            self._noted(f"{error.plain}, when it was asked to delete a point that does not exist", writes=True)
        except NoAnswer:
            raise
        except StoreUnavailable as error:
            self._noted(str(error), writes=True)

    def _refusal(self, error: UnexpectedResponse, *, writes: bool) -> StoreUnavailable | StoreRejected:
        """A refusal as one of our errors; a fault that concerns every request is kept for `check`."""
        status = error.status_code or 0
        self._log(status, error.content)
        if status in (401, 403):
            fault = READ_ONLY if status == 403 and writes else KEY_REFUSED.format(status=status)
            return StoreUnavailable(self._noted(fault, writes=status == 403 and writes))
        if status == 404:
            self.lost()
            return StoreMissing("Qdrant has lost the collection; it is made again")
        if status == 413:
            return TooLarge("Qdrant takes no request of this size (413)")
        if status in _REFUSED:
            return StoreRejected(f"Qdrant refused the request ({status}); the log has its words")
        message = _message(error.content).lower()
        cause = next((ours for theirs, ours in _CAUSES.items() if theirs in message), None)
        if cause is not None:
            return StoreUnavailable(self._noted(cause, writes=writes))
        return StoreUnavailable(f"Qdrant answered {status}; try again shortly")

    def _noted(self, fault: str, *, writes: bool) -> str:
        if fault not in (self._read_fault, self._write_fault):
            log.warning("store_fault", reason=fault)
        if writes:
            self._write_fault = fault
        else:
            self._read_fault = fault
        return fault

    def _log(self, status: int, content: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._logged_at.get(status, float("-inf")) > _TRY_SECONDS:
            self._logged_at[status] = now
            # What stands between quotation marks may be a part of our request, and in it what people said.
            message = self._mask(_QUOTED.sub('"..."', _message(content)))[:_MOST_CHARACTERS]
            log.warning("store_refused", status=status, words=message)


def _message(content: bytes) -> str:
    """The error message in a refusal by Qdrant: Qdrant's own is JSON, that of a proxy before it has any form."""
    text = content.decode(errors="replace")
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return text
    status = body.get("status") if isinstance(body, dict) else None
    return str(status.get("error", text)) if isinstance(status, dict) else text


def _hung_up(error: BaseException) -> bool:
    source = error.source if isinstance(error, ResponseHandlingException) else error
    return isinstance(source, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
