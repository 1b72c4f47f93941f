"""Runs Mem0's own library in a process of its own: writes the memories, and tells what the library then answers.

From stdin a job as JSON. On stdout a line of JSON for each `add`, and at the end one with every memory as `get_all`
answers it. It imports nothing of ours but the texts.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from mem0 import Memory

from tests.imports.memories import adds

_UPDATED = 37  # every so-manieth add, its first memory gets another text


def main(job: dict[str, Any], out: TextIO) -> None:
    """Do the job."""
    memory = Memory.from_config(job["config"])
    owners = dict[tuple[str, str], None]()
    for number, add in enumerate(adds(job["count"])):
        messages = [{"role": "user", "content": text} for text in add.texts]
        added = memory.add(messages, metadata=add.metadata, infer=False, **add.owner)["results"]
        if number % _UPDATED == 0:
            memory.update(added[0]["id"], f"{add.texts[0]}, as was found out later")
        owners[next(iter(add.owner.items()))] = None
        _say(out, added=len(added))
    memories = dict[str, Any]()
    for field, name in owners:
        page = memory.get_all(filters={field: name}, top_k=job["count"])["results"]
        memories |= {memory["id"]: memory for memory in page}
        _say(out, told=len(page))
    _say(out, memories=list(memories.values()))
    memory.close()


def _say(out: TextIO, **line: object) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


if __name__ == "__main__":
    ours, sys.stdout = sys.stdout, sys.stderr  # whatever the package prints is no line of ours
    main(json.load(sys.stdin), ours)
