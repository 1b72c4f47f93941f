"""Reading data files: JSON or JSON lines, gzipped or not, and their fingerprint."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from tests.evals.llm.material import BadData


def read_rows(path: Path) -> list[Any]:
    """The rows of a JSON list or of JSON lines. Raises BadData."""
    try:
        text = _bytes(path).decode()
        if ".jsonl" in path.suffixes:
            return [json.loads(line) for line in text.split("\n") if line.strip()]  # text may hold U+2028
        rows = json.loads(text)
    except (OSError, ValueError) as error:
        raise BadData(f"{path.name} cannot be read: {error}") from error
    if not isinstance(rows, list):
        raise BadData(f"{path.name} holds no list of rows.")
    return rows


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises BadData."""
    try:
        value = json.loads(_bytes(path))
    except (OSError, ValueError) as error:
        raise BadData(f"{path.name} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise BadData(f"{path.name} holds no object.")
    return value


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file, or of all JSON files in a folder with their names."""
    digest = hashlib.sha256()
    files = sorted(path.rglob("*.json*")) if path.is_dir() else [path]
    for file in files:
        digest.update(str(file.relative_to(path)).encode() if path.is_dir() else b"")
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
