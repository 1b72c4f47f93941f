"""The tables of what is masked and what is marked, and what is not, as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))")
DATA = Path(__file__).parent / "data"


class Planted(NamedTuple):
    """A text with a secret in it, and what is to come of it."""

    kind: str
    before: str
    secret: str
    after: str

    @property
    def text(self) -> str:
        return f"{self.before}{self.secret}{self.after}"

    @property
    def masked(self) -> str:
        return f"{self.before}[masked: {self.kind}]{self.after}"


def lines(name: str) -> list[str]:
    """A table's lines, without its comment."""
    every = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in every if line and not line.startswith("# ")]


def planted() -> list[Planted]:
    """Texts that hold a secret."""
    secrets = []
    for line in lines("secrets.txt"):
        kind, _, text = line.replace("·", "").replace("\\n", "\n").partition("\t")
        before, _, rest = text.partition("⟦")
        secret, _, after = rest.partition("⟧")
        secrets.append(Planted(kind, before, secret, after))
    return secrets


def unescaped(name: str) -> list[str]:
    """A table's lines with their escapes read: `\\n`, `\\uXXXX` and `\\UXXXXXXXX`."""
    return [
        _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), line).replace("\\n", "\n") for line in lines(name)
    ]
