"""The Lua scripts name no key themselves: all keys are made by `scrubjay/adapters/redis/keys.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrubjay.adapters.redis.keys import DEFAULT_KEYS, Keys
from scrubjay.adapters.redis.scripts import runner

LUA = Path(runner.__file__).parents[1] / "lua"
FILES = sorted(LUA.glob("*.lua"))
LITERAL = re.compile(r"'([^'\n]*)'")
KEY_LIKE = re.compile(r"[a-z]\w*:\w*")  # a kind of key, and what follows it


def code(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_script_names_a_key_or_builds_one_from_a_literal(path: Path) -> None:
    literals = LITERAL.findall(code(path))
    assert [text for text in literals if DEFAULT_KEYS.prefix in text or KEY_LIKE.fullmatch(text)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_script_uses_its_arguments_by_name(path: Path) -> None:
    """Places are counted where arguments get their names, and in loops over what follows them."""
    lines = [line for line in code(path).splitlines() if re.search(r"(ARGV|KEYS)\[\d+\]", line)]
    assert [line for line in lines if not re.match(r"local [\w, ]+ = ", line)] == []


def test_each_key_that_a_script_completes_begins_with_the_prefix_and_the_partition() -> None:
    keys = Keys("other:", "{p1}:")
    texts = runner._sources(keys).texts
    tables = [re.match(r".*?local KEY = \{ (.*?) \} ", text) for text in texts.values()]
    entries = {entry for table in tables if table for entry in LITERAL.findall(table.group(1))}
    assert len(entries) > 10
    assert all(entry.startswith("other:{p1}:") for entry in entries)


def test_every_script_has_a_function_of_its_name() -> None:
    scripts = {name for name in runner._FILES if not name.startswith("_")}
    modules = [path.read_text(encoding="utf-8") for path in Path(runner.__file__).parent.glob("*.py")]
    functions = set(re.findall(r"^async def (\w+)\(", "\n".join(modules), re.MULTILINE))
    assert scripts == functions - {"answered"}
