"""Sending pieces to the server: two at a time, kept in order, with those that were busy sent again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from scrubjay.cli.imports.progress import Counts
from scrubjay.cli.imports.shapes import Arrival, LeftOut
from scrubjay.cli.imports.sources import Piece, Place
from scrubjay.client import ApiError, ScrubjayClient

_IN_FLIGHT = 2
_MOST_BYTES = 800_000  # of a request: the server takes 1,000,000 unless it is configured otherwise
_BUSY_TRIES = 20
_BUSY_SECONDS = 1.0


@dataclass
class Sent:
    """What became of a piece.

    Args:
        after: the place behind it.
        counts: of it.
        missing: what did not come in, each with the reason and as it stood where it comes from.
    """

    after: Place
    counts: Counts = field(default_factory=Counts)
    missing: list[tuple[str, Any]] = field(default_factory=list)


async def send_all(client: ScrubjayClient, pieces: Iterator[Piece]) -> AsyncGenerator[Sent, None]:
    """Send piece after piece; what became of each comes in order, as soon as it and all before it are done.

    Args:
        client: to the server.
        pieces: read while others are on their way.

    Raises what the client does, and what the source does.
    """
    flying: deque[asyncio.Task[Sent]] = deque()
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            flying.append(asyncio.create_task(send(client, piece)))
            if len(flying) >= _IN_FLIGHT:
                yield await flying.popleft()
        while flying:
            yield await flying.popleft()
    finally:
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)


async def send(client: ScrubjayClient, piece: Piece) -> Sent:
    """Send one piece."""
    sent = judge(piece)
    arrivals = [
        (record, raw) for record, raw in zip(piece.records, piece.raw, strict=True) if not isinstance(record, LeftOut)
    ]
    for _ in range(_BUSY_TRIES):
        busy = list[tuple[Arrival, Any]]()
        for batch in _batches(arrivals):
            busy += await _send(client, batch, sent)
        if not busy:
            return sent
        arrivals = busy
        await asyncio.sleep(_BUSY_SECONDS)
    sent.counts.refused += len(arrivals)
    sent.missing += [("its owner's memories were being written all the time; import it again", raw)
                     for _, raw in arrivals]  # fmt: skip
    return sent


def judge(piece: Piece) -> Sent:
    """What is known of a piece before anything of it is sent."""
    sent = Sent(piece.after)
    for record, raw in zip(piece.records, piece.raw, strict=True):
        if isinstance(record, LeftOut):
            sent.missing.append((record.reason, raw))
            if record.is_wrong:
                sent.counts.refused += 1
            else:
                sent.counts.left_out += 1
    return sent


async def _send(client: ScrubjayClient, batch: Sequence[tuple[Arrival, Any]], sent: Sent) -> list[tuple[Arrival, Any]]:
    """Send one batch of memories to import to the server (`POST /import`), in halves where the request is too large.

    What the server answers of each memory is added to `sent`. Returns the busy ones, which are to be sent again.
    """
    try:
        answer = await client.import_memories([record for record, _ in batch])
    except ApiError as error:
        if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        if len(batch) == 1:
            sent.counts.refused += 1
            sent.missing.append((str(error), batch[0][1]))
            return []
        middle = len(batch) // 2
        return [*await _send(client, batch[:middle], sent), *await _send(client, batch[middle:], sent)]
    sent.counts.imported += answer.imported
    sent.counts.there += answer.there
    sent.counts.refused += answer.refused
    sent.counts.quarantined += sum(result.in_quarantine and result.became == "imported" for result in answer.results)
    outcomes = list(zip(answer.results, batch, strict=True))
    sent.missing += [
        (outcome.reason or "it was refused", raw) for outcome, (_, raw) in outcomes if outcome.became == "refused"
    ]
    return [arrival for outcome, arrival in outcomes if outcome.became == "busy"]


def _batches(arrivals: Sequence[tuple[Arrival, Any]]) -> Iterator[list[tuple[Arrival, Any]]]:
    """Cut the memories to import into batches, so that no import request becomes too large for the server."""
    batch, size = list[tuple[Arrival, Any]](), 0
    for arrival in arrivals:
        length = len(orjson.dumps(arrival[0]))
        if batch and size + length > _MOST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(arrival)
        size += length
    if batch:
        yield batch
