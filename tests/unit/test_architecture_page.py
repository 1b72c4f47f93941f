"""The walks of docs/architecture.md: every hop exists, and the ways are short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
WALKS = {walk.partition("\n")[0]: walk for walk in PAGE.split("\n## ")[1:] if walk.startswith("`")}
HOP = re.compile(r"(\*?)`([\w/]+\.py):(\w+)`")
MOST_FILES = {"`POST /turns` until the turn is settled": 12, "`POST /search` and back": 8}


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_are_the_four_walks() -> None:
    assert len(WALKS) == 4
    assert all(len(HOP.findall(walk)) >= 5 for walk in WALKS.values())


@pytest.mark.parametrize(("path", "function"), sorted({(path, name) for _, path, name in HOP.findall(PAGE)}))
def test_every_hop_is_a_function_in_its_file(path: str, function: str) -> None:
    assert function in functions_of(path)


@pytest.mark.parametrize("walk", MOST_FILES)
def test_a_walk_leads_through_few_files(walk: str) -> None:
    files = {path for port, path, _ in HOP.findall(WALKS[walk]) if not port}
    assert 0 < len(files) <= MOST_FILES[walk]


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_goes_back_to_no_room_that_it_has_left(walk: str) -> None:
    """Calls of ports, in italics, return to where they were made."""
    hops = [path.rpartition("/")[0] for port, path, _ in HOP.findall(WALKS[walk]) if not port]
    rooms = [room for number, room in enumerate(hops) if number == 0 or room != hops[number - 1]]
    returns = [room for number, room in enumerate(rooms) if room in rooms[:number]]
    assert [room for room in returns if not room.startswith("api")] == []
