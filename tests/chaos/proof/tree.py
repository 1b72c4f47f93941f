"""A copy of the tree, in which mechanisms are taken out and put back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import time

from tests.chaos.proof.mutation import Edit

ROOT = Path(__file__).parents[3]

# Every Python that a test starts reads this first: it must find the copy, or the proof would prove nothing.
_WATCH = """
import scrubjay, sys
if not scrubjay.__file__.startswith({root!r}):
    sys.exit("the proof runs " + scrubjay.__file__ + " instead of its copy in " + {root!r})
"""


class Drifted(Exception):
    """A text that is to be replaced does not stand exactly once in its file."""


def replaced(text: str, edit: Edit) -> str:
    """The text with the edit made. Raises Drifted."""
    count = text.count(edit.old)
    if count != 1:
        raise Drifted(f"{edit.file} holds this {count} times instead of once, adapt the proof's table: {edit.old}")
    return text.replace(edit.old, edit.new)


class Tree:
    """A copy of what git tracks, or would.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._moments = count(int(time()), 10)
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
            source, target = ROOT / name, folder / name
            if source.is_symlink() or source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target, follow_symlinks=False)
        (folder / "sitecustomize.py").write_text(_WATCH.format(root=str(folder)))

    @contextmanager
    def without(self, edits: Sequence[Edit]) -> Iterator[None]:
        """The tree with these edits, until left. Raises Drifted."""
        kept = {name: (self.folder / name).read_text() for name in dict.fromkeys(edit.file for edit in edits)}
        changed = dict(kept)
        for edit in edits:
            changed[edit.file] = replaced(changed[edit.file], edit)
        self._write(changed)
        try:
            yield
        finally:
            self._write(kept)

    def _write(self, files: dict[str, str]) -> None:
        """Python trusts its compiled file if the source's second and size are the same: so each has its own second."""
        for name, text in files.items():
            (self.folder / name).write_text(text)
            moment = next(self._moments)
            os.utime(self.folder / name, (moment, moment))
