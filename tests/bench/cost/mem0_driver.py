"""Runs inside mem0ai's own environment: adds what a job file names, and says after each add what came of it.

It imports nothing of ours. One line of JSON for the package, then one for each add.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from mem0 import Memory
from mem0.configs.prompts import generate_additive_extraction_prompt


def main(job_file: Path, out: TextIO) -> None:
    """Do the job."""
    job = json.loads(job_file.read_text())
    template = generate_additive_extraction_prompt(existing_memories=[], new_messages="", last_k_messages=[])
    _say(out, version=version("mem0ai"), template=len(template))
    memory = Memory.from_config(job["config"])
    for add in job["adds"]:
        added = memory.add(add["messages"], user_id=add["user_id"], infer=True)["results"]
        _say(out, turns=add["turns"], memories=sum(event["event"] == "ADD" for event in added))
    memory.close()


def _say(out: TextIO, **line: object) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


if __name__ == "__main__":
    ours, sys.stdout = sys.stdout, sys.stderr  # whatever the package prints is no line of ours
    main(Path(sys.argv[1]), ours)
