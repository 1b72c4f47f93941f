"""How the demo shows what it found; misses are shown as misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.markup import escape

from scrubjay.cli.conversation import Session
from scrubjay.cli.demo_steps import TOP, Answer, Replayed
from scrubjay.client.views import MemoryView

SHOWN_MEMORIES, SHOWN_CHARACTERS = 3, 150


def show_answers(console: Console, answers: Sequence[Answer], times: Mapping[str, datetime]) -> None:
    """Each question with the right answer and what was recalled for it.

    Args:
        console: where to.
        answers: in the order asked.
        times: when each session took place.
    """
    for number, answer in enumerate(answers, 1):
        question = answer.question
        wanted, hit = len(question.session_ids), len(answer.hit_sessions)
        verdict = "[green]recalled" if hit else "[red]missed"
        console.print(f"\n[bold]{number}. {escape(question.text)}[/bold]", soft_wrap=True)
        console.print(f"   right answer: {escape(shorten(question.answer, SHOWN_CHARACTERS))}", soft_wrap=True)
        for rank, memory in enumerate(answer.memories, 1):
            is_hit = answer.from_an_answer_session(memory)
            if is_hit or rank <= SHOWN_MEMORIES:
                show_memory(console, memory, is_hit, times)
        console.print(
            f"   {verdict}[/]: {hit} of {wanted} sessions that hold the answer, among the top {TOP}", soft_wrap=True
        )
    console.print()


def show_memory(console: Console, memory: MemoryView, is_hit: bool, times: Mapping[str, datetime]) -> None:
    """One memory on one line, marked when it comes from a session that holds the answer."""
    mark = "[green]✓[/green]" if is_hit else "·"
    time = times.get(memory.run_id or "", memory.created_at)
    text = escape(shorten(memory.memory, SHOWN_CHARACTERS))
    console.print(f"   {mark} {memory.score or 0:.2f}  {time:%Y-%m-%d}  {text}", soft_wrap=True)


def show_setting(console: Console, url: str, health: Mapping[str, Any]) -> None:
    """What answers, and by which means."""
    console.print(f"It serves at {url}; dashboard at {url}/dashboard while this runs.", soft_wrap=True)
    for part in ("extractor", "embedder"):
        console.print(f"  {part}: {health.get(part, 'unknown')}", markup=False)


def show_totals(console: Console, replayed: Replayed, answers: Sequence[Answer]) -> None:
    """The figures of the replay and the questions."""
    console.print(
        f"[bold]{replayed.turns} turns[/bold] posted in {replayed.posting_seconds:.1f} s "
        f"({replayed.turns / replayed.posting_seconds:.0f} a second), "
        f"settled after {replayed.settling_seconds:.1f} s "
        f"({replayed.turns / replayed.settling_seconds:.0f} a second, one user's turns in their order); "
        f"{replayed.memories} memories kept.",
        soft_wrap=True,
    )
    any_hit = sum(bool(answer.hit_sessions) for answer in answers)
    all_hit = sum(answer.hit_sessions == answer.question.session_ids for answer in answers)
    console.print(
        f"[bold]{len(answers)} questions[/bold]: for {any_hit} a memory from a session that holds the answer was among "
        f"the top {TOP}, for {all_hit} one from each such session.\n",
        soft_wrap=True,
    )


def show_context(
    console: Console,
    earlier: Sequence[Session],
    opening: str,
    context: Sequence[MemoryView],
    reply: str | None,
) -> None:
    """The last session of the developer: what a chatbot without memory does not know.

    Args:
        console: where to.
        earlier: the sessions before.
        opening: the developer's first message of the new session.
        context: what was recalled for it.
        reply: the model's, None without a model.
    """
    for number, session in enumerate(earlier, 1):
        for turn in session.turns:
            console.print(f"session {number}, user: {escape(turn[0]['content'])}", soft_wrap=True)
    console.print(f"[bold]session {len(earlier) + 1}, user: {escape(opening)}[/bold]", soft_wrap=True)
    console.print("\nWhat goes into the prompt:")
    console.print("  What you remember about this user:")
    for memory in context:
        console.print(f"  - {escape(memory.memory)}", soft_wrap=True)
    if reply is None:
        console.print("\nNo model is configured, so nobody replies: set OPENAI_API_KEY for that.", soft_wrap=True)
    else:
        console.print(f"\nassistant: {escape(reply)}", soft_wrap=True)
