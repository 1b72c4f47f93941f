"""BEAM (mohammadtavakoli78/BEAM, `chats/100K`, `500K`, `1M`): long chats with an assistant, and nuggets to look for.

A folder for each conversation with `chat.json` and `probing_questions/probing_questions.json`; give one of them or
the folder above. `chat.json` is a list of batches, each with `turns`: lists of messages with `role`, `content` and, now
and then, `time_anchor` (`March-15-2024`), which holds until the next one. `probing_questions.json` maps each of ten
abilities to its questions, each with `question` and `rubric`: the nuggets, which are judged one by one. The 10M
conversations have another shape and are not read.

Messages end with a mark of the data's making (`->-> 1,1`), which is taken off. Turns follow the anchor's noon, or each
other, by a second. A question is asked on the day of the last anchor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrubjay.cli.conversation import exchanges
from tests.evals.llm.datasets.files import read_object, read_rows
from tests.evals.llm.material import BadData, Conversation, Messages, Question, timed

_MARK = re.compile(r"\s*->->\s*[\d,. ]*$")
_NOON = timedelta(hours=12)


def load(path: Path) -> list[Conversation]:
    """The conversations in a folder, or the one that the folder is. Raises BadData."""
    folders = [path] if (path / "chat.json").exists() else sorted((p.parent for p in path.glob("*/chat.json")), key=_by)
    if not folders:
        raise BadData(f"{path.name} holds no conversation: no chat.json in it, nor in the folders within.")
    try:
        return [_conversation(folder) for folder in folders]
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{path.name} is not in BEAM's shape: {error!r}") from error


def _by(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else 0, folder.name)


def _conversation(folder: Path) -> Conversation:
    turns = timed(_sessions(read_rows(folder / "chat.json")))
    if not turns:
        raise ValueError(f"the chat of {folder.name} is empty")
    probes = read_object(folder / "probing_questions" / "probing_questions.json")
    questions = [
        _question(f"{folder.name}:{ability}:{number}", ability, probe, turns[-1].said_at)
        for ability, questions in probes.items()
        for number, probe in enumerate(questions)
    ]
    return Conversation(folder.name, turns, tuple(questions))


def _sessions(batches: list[Any]) -> Iterator[tuple[datetime, str, tuple[Messages, ...]]]:
    anchored: datetime | None = None
    for batch in batches:
        for number, messages in enumerate(batch["turns"], 1):
            anchor = next((message["time_anchor"] for message in messages if message.get("time_anchor")), None)
            anchored = _time(anchor) if anchor else anchored
            if anchored is None:
                raise ValueError("the first message has no time_anchor")
            yield (
                anchored,
                f"batch-{batch['batch_number']}-{number}",
                exchanges(_message(message) for message in messages),
            )


def _message(message: Mapping[str, Any]) -> dict[str, str]:
    return {"role": message["role"], "content": _MARK.sub("", message["content"])}


def _question(name: str, ability: str, probe: Mapping[str, Any], asked_at: datetime) -> Question:
    rubric = tuple(str(nugget) for nugget in probe["rubric"])
    if not rubric:
        raise ValueError(f"question {name} has no rubric")
    return Question(name, probe["question"], ability, "nugget", "", asked_at, rubric)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%B-%d-%Y").replace(tzinfo=UTC) + _NOON
