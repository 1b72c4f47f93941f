"""`python -m tests.style`: counts what breaks the rules of names and shapes, and prints each place.

Exit status 1 where more is found than a rule allows. `make check` runs it.

  vague names          variables, parameters and attributes named found, told, said, given, asked, one, held or named
  retired words        identifiers and modules with a word that docs/decisions/name-and-rooms.md has replaced
  untyped routes       routes of the API whose answer is `Any`, a bare mapping, or not annotated
  wide functions       public functions of use cases with more than five parameters
  derived classes      classes that derive from a class of ours which is no value, Protocol, error or enumeration
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.style import names, shapes
from tests.style.shapes import Place

ROOT = Path(__file__).parents[2]
SOURCE, TESTS = ("scrubjay", "api", "worker"), ("tests",)
MOST = {
    "vague names": 20,
    "vague names in tests": 100,
    "retired words": 0,
    "untyped routes": 0,
    "wide functions": 0,
    "derived classes": 0,
}
_LONGEST_LIST = 40

Breaches = dict[str, list[str]]


def trees(folders: Iterable[str]) -> dict[str, ast.Module]:
    """The syntax trees of all files of some folders, by path; links within `scrubjay` lead to what is read anyway."""
    paths = sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in str(path)
    )
    inside = [path for path in paths if not any(parent.is_symlink() for parent in path.parents)]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in inside}


def breaches() -> Breaches:
    """Every place that breaks a rule, by rule."""
    source, tests = trees(SOURCE), trees(TESTS)
    use_cases = {path: tree for path, tree in source.items() if path.split("/")[1] in shapes.USE_CASES}
    api = {path: tree for path, tree in source.items() if path.startswith("api/")}
    modules = [path for path in source if names.has_retired_word(Path(path).stem)]
    return {
        "vague names": _vague(source),
        "vague names in tests": _vague(tests),
        "retired words": [*modules, *_retired(source)],
        "untyped routes": _places({path: shapes.untyped_routes(tree) for path, tree in api.items()}),
        "wide functions": _places({path: shapes.wide_functions(tree) for path, tree in use_cases.items()}),
        "derived classes": _places(shapes.derived_classes(source)),
    }


def _vague(modules: dict[str, ast.Module]) -> list[str]:
    return [f"{path}:{line} {name}" for path, tree in modules.items() for name, line, _ in names.vague(tree)]


def _retired(modules: dict[str, ast.Module]) -> list[str]:
    return [f"{path}:{line} {name}" for path, tree in modules.items() for name, line, _ in names.retired(tree)]


def _places(by_path: dict[str, list[Place]]) -> list[str]:
    return [f"{path}:{place.line} {place.what}" for path, places in by_path.items() for place in places]


def main(argv: list[str] | None = None) -> int:
    """Count, print, and answer whether each rule holds."""
    parser = argparse.ArgumentParser(
        "python -m tests.style", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="print every place, also of rules that hold")
    options, console, seen = parser.parse_args(argv), Console(), breaches()
    table = Table("rule", "allowed", "seen", "holds")
    for rule, most in MOST.items():
        table.add_row(rule, str(most), str(len(seen[rule])), "yes" if len(seen[rule]) <= most else "[red]no")
        if options.all or len(seen[rule]) > most:
            _show(rule, seen[rule], len(seen[rule]) if options.all else _LONGEST_LIST, console)
    console.print(table)
    return int(any(len(seen[rule]) > most for rule, most in MOST.items()))


def _show(rule: str, places: list[str], most: int, console: Console) -> None:
    console.print(f"[bold]{rule}", highlight=False)
    for place in places[:most]:
        console.print(f"  {place}", highlight=False, markup=False)
    if len(places) > most:
        files = Counter(place.partition(":")[0] for place in places).most_common(5)
        console.print(f"  ... {len(places) - most} more (--all); most in {', '.join(path for path, _ in files)}")


if __name__ == "__main__":
    sys.exit(main())
