"""The memories of the proof: many users, agents and runs, each text different, with metadata and times of long ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

AN_ADD = 5  # memories that one call of `add` makes: they share owner, metadata and, where it is given, time
AN_OWNER = 50
_WHO = ("Ana", "Bruno", "Clara", "Duarte", "Elisa", "Filipe", "Graça", "Hugo", "Inês", "João")
_DOES = ("plants", "repairs", "paints", "collects", "sells", "photographs", "restores", "draws", "builds", "studies")
_WHAT = ("lemon trees", "old radios", "fishing boats", "azulejo tiles", "cork stools", "lighthouses", "pianos",
         "sea birds", "stone walls", "fado records", "kites", "maps of the river", "wind mills")  # fmt: skip
_WHERE = ("Faro", "Lagos", "Sagres", "Évora", "Porto", "Braga", "Coimbra", "Setúbal", "Aveiro", "Sintra", "Tomar")
_PACIFIC = timezone(timedelta(hours=-7))


@dataclass(frozen=True)
class Add:
    """One call of Mem0's `add`.

    Args:
        owner: user_id, agent_id, run_id, as far as given.
        texts: a message each.
        metadata: of all of them; with `created_at` they are of then.
    """

    owner: dict[str, str]
    texts: tuple[str, ...]
    metadata: dict[str, Any]


def adds(count: int) -> Iterator[Add]:
    """So many memories, the same each time."""
    for start in range(0, count, AN_ADD):
        numbers = range(start, min(count, start + AN_ADD))
        yield Add(_owner(start // AN_OWNER), tuple(_text(number) for number in numbers), _metadata(start // AN_ADD))


def _owner(number: int) -> dict[str, str]:
    user, agent, run = f"user-{number}", f"agent-{number % 7}", f"run-{number % 13}"
    kinds = (
        {"user_id": user},
        {"user_id": user, "agent_id": agent},
        {"user_id": user, "agent_id": agent, "run_id": run},
        {"user_id": user, "run_id": run},
        {"agent_id": f"lone-{number}"},
        {"run_id": f"lone-{number}"},
    )
    return kinds[number % len(kinds)]


def _text(number: int) -> str:
    who, does = _WHO[number % len(_WHO)], _DOES[number // 7 % len(_DOES)]
    what, where = _WHAT[number // 3 % len(_WHAT)], _WHERE[number // 5 % len(_WHERE)]
    return f"{who} {does} {what} in {where}, at the house with number {number}"


def _metadata(number: int) -> dict[str, Any]:
    """Every third has no time of its own: Mem0 writes that of now; and a third one of US/Pacific, as it once did."""
    metadata: dict[str, Any] = {
        "topic": ("hobby", "work", "home")[number % 3],
        "stars": number % 6,
        "checked": number % 2 == 0,
    }
    if number % 4 == 0:
        metadata |= {"tags": ["sea", f"t{number}"], "source": {"app": "web", "page": number}}
    if number % 3:
        zone = _PACIFIC if number % 3 == 1 else UTC
        made = datetime(2023, 1, 1, 9, 0, 0, 123456, tzinfo=zone) + timedelta(hours=number)
        metadata["created_at"] = made.isoformat()
    return metadata
