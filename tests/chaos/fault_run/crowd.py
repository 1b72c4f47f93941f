"""The clients of a fault run: each posts its own lanes' turns in order, and sends each again until it is accepted."""

from __future__ import annotations

import asyncio
import random
from time import monotonic

import httpx

from tests.chaos.fault_run import words
from tests.chaos.fault_run.record import Record, Sent
from tests.chaos.fault_run.sizes import Size

_ANSWER_SECONDS = 12.0
_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 0.5
_LONGEST_BURST = 6
_SHARE_SENT_TWICE = 0.05
_SHARE_GIVEN_UP = 0.03
_POISON_EVERY = 8
ACCEPTED, TOO_MANY, AWAY = 202, 429, 503


class Poster:
    """Posts turns and keeps the record of it.

    Args:
        http: a client of the API.
        record: where everything goes.
        dice: decides what is left to chance.
    """

    def __init__(self, http: httpx.AsyncClient, record: Record, dice: random.Random) -> None:
        self.http = http
        self._record = record
        self._dice = dice

    async def deliver(self, sent: Sent) -> None:
        """Send a turn until it is accepted; a few are given up when there was no answer, a few are sent once more."""
        text = words.said(sent.lane, sent.number, poisoned=sent.poisoned)
        while not await self.send(sent, text):
            if self._dice.random() < _SHARE_GIVEN_UP:
                sent.given_up = True
                return
        while self._dice.random() < _SHARE_SENT_TWICE:
            await self.send(sent, text)

    async def send(self, sent: Sent, text: str) -> bool:
        """Send a turn once; whether it was accepted."""
        response = await self.post(words.user(sent.lane), text, sent.key)
        if response is None or response.status_code != ACCEPTED:
            return False
        turn_id = response.json()["id"]
        if sent.id not in (None, turn_id):
            self._record.wrong.append(f"the key {sent.key} was answered with two ids")
        sent.id = turn_id
        return True

    async def post(self, user: str, text: str, key: str) -> httpx.Response | None:
        """One request; None when there was no answer. After a refusal we wait as we are told, within reason."""
        body = {"user_id": user, "messages": [{"role": "user", "content": text}]}
        try:
            response = await self.http.post(
                "/turns", json=body, headers={"Idempotency-Key": key}, timeout=_ANSWER_SECONDS
            )
        except httpx.TransportError:
            self._record.answers["none"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
            return None
        self._record.answers[str(response.status_code)] += 1
        if response.status_code in (TOO_MANY, AWAY):
            await self._patience(response)
        elif response.status_code != ACCEPTED:
            self._record.wrong.append(f"POST /turns answered {response.status_code}: {response.text[:200]}")
        return response

    async def _patience(self, response: httpx.Response) -> None:
        retry_after = response.headers.get("Retry-After", "")
        if not retry_after.isdecimal():
            self._record.wrong.append(f"{response.status_code} without Retry-After")
            retry_after = "0"
        await asyncio.sleep(min(_LONGEST_PAUSE_SECONDS, max(_PAUSE_SECONDS, float(retry_after))))


async def crowd(poster: Poster, size: Size, record: Record, dice: random.Random, over: asyncio.Event) -> None:
    """Post at the fault run's rate until enough is accepted and the fault run is over."""
    start = monotonic()
    rates = size.rate / size.posters
    own = [[lane for lane in range(1, size.lanes + 1) if lane % size.posters == n] for n in range(size.posters)]

    async def one(lanes: list[int]) -> None:
        posted = 0
        while record.accepted < size.turns or not over.is_set():
            lane = dice.choice(lanes)
            for _ in range(dice.randint(1, _LONGEST_BURST)):
                number = len(record.sent.get(lane, ())) + 1
                poisoned = lane <= size.poisoned and number % _POISON_EVERY == 0
                await poster.deliver(record.next(lane, poisoned))
                posted += 1
            await asyncio.sleep(max(0.0, start + posted / rates - monotonic()))

    async with asyncio.TaskGroup() as group:
        for lanes in own:
            group.create_task(one(lanes))
