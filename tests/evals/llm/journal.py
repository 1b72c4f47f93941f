"""Journals: JSON lines that are only ever appended to, so that whatever was paid for is there after any end."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Journal:
    """One file of JSON lines.

    A last line that a kill has cut off is taken away when the journal is opened: what it told is done again.

    Args:
        path: made with its folder if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole, _, cut_off = (path.read_bytes() if path.exists() else b"").rpartition(b"\n")
        if cut_off:
            os.truncate(path, len(whole) + 1 if whole else 0)
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in whole.split(b"\n") if line]
        self._path = path

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a line; it is with the operating system when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.rows.append(dict(row))
