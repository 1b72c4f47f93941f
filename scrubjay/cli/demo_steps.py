"""What the demo does: hand in a conversation and wait for it, ask, recall, chat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from rich.console import Console

from scrubjay.cli.conversation import Question, Session
from scrubjay.cli.demo_progress import Meter, meter
from scrubjay.client import ScrubjayClient
from scrubjay.client.views import MemoryView
from scrubjay.errors import ScrubjayError

TOP = 5
LOOK_SECONDS = 0.2
STUCK_SECONDS = 120.0


class DemoFailed(ScrubjayError):
    """The service did not do what the demo shows."""

    code = "demo_failed"


@dataclass(frozen=True)
class Replayed:
    """A conversation that has been remembered.

    Args:
        turns: how many were handed in.
        memories: how many memories they left.
        posting_seconds: until the last was accepted.
        settling_seconds: until the last was settled, counted from the same start.
    """

    turns: int
    memories: int
    posting_seconds: float
    settling_seconds: float


@dataclass(frozen=True)
class Answer:
    """What was recalled for a question."""

    question: Question
    memories: tuple[MemoryView, ...]

    def from_an_answer_session(self, memory: MemoryView) -> bool:
        """Whether the memory comes from a session that holds the answer, or a part of it."""
        return memory.run_id in self.question.session_ids

    @property
    def hit_sessions(self) -> frozenset[str]:
        """The sessions that hold the answer and are represented among the memories."""
        return self.question.session_ids & {memory.run_id for memory in self.memories if memory.run_id}


async def replay(client: ScrubjayClient, console: Console, user: str, sessions: Sequence[Session]) -> Replayed:
    """Hand every turn in, in the order of time, and wait until all are settled. Raises DemoFailed."""
    total = sum(len(session.turns) for session in sessions)
    began = perf_counter()
    with meter(console, total) as show:
        works = [
            asyncio.create_task(_post(client, user, sessions, show, began)),
            asyncio.create_task(_until_settled(client, user, total, show, began)),
        ]
        try:
            posting_seconds, settling_seconds = await asyncio.gather(*works)
        finally:
            for work in works:
                work.cancel()
    kept = await client.memories(user_id=user, page_size=1)
    return Replayed(total, kept.count, posting_seconds, settling_seconds)


async def _post(client: ScrubjayClient, user: str, sessions: Sequence[Session], show: Meter, began: float) -> float:
    """Hand in every turn of the demo through the HTTP client, with progress; returns the seconds since `began`."""
    posted = 0
    for session in sessions:
        for number, messages in enumerate(session.turns):
            await client.add_turn(
                messages,
                user_id=user,
                run_id=session.id,
                timestamp=session.time,
                idempotency_key=f"{session.id}:{number}",
            )
            posted += 1
            show(posted=posted)
    return perf_counter() - began


async def _until_settled(client: ScrubjayClient, user: str, total: int, show: Meter, began: float) -> float:
    """Poll the server until the demo's turns are settled and show its progress; returns the seconds since `began`.

    Raises DemoFailed.
    """
    settled, moved = 0, perf_counter()
    while settled < total:
        await asyncio.sleep(LOOK_SECONDS)
        seen = (await client.turns(status="settled", user_id=user, page_size=1)).count
        dead = await client.turns(status="dead", user_id=user, page_size=1)
        if dead.count:
            raise DemoFailed(f"{dead.count} turns died, the last with: {dead.results[0].error}")
        if seen > settled:
            settled, moved = seen, perf_counter()
            show(settled=settled)
        if perf_counter() - moved > STUCK_SECONDS:
            raise DemoFailed(f"No turn was settled in {STUCK_SECONDS:g} s; {settled} of {total} are.")
    return perf_counter() - began


async def ask(client: ScrubjayClient, user: str, question: Question) -> Answer:
    """Search for a question, as a new session would."""
    answer = await client.search(question.text, user_id=user, limit=TOP)
    return Answer(question, answer.results)


async def recall(client: ScrubjayClient, user: str, message: str) -> tuple[MemoryView, ...]:
    """What a chatbot would put into its prompt before it answers the message."""
    return (await client.search(message, user_id=user, limit=TOP)).results


async def chat(client: ScrubjayClient, user: str, message: str) -> str:
    """The demo's chat step: send a message through the HTTP client; the model answers, given what is remembered."""
    return (await client.chats.reply(user, message)).reply
