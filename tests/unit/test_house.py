"""The project's rules that no off-the-shelf linter holds, and the import contracts put to the test."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from scrubjay.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("scrubjay", "api", "worker")
MOST_LINES_A_FILE = 300
MOST_LINES_A_FUNCTION = 50

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ENVIRONMENT = ("os.environ", "os.getenv", "os.environb", "os.putenv")
# The embedded stack hands its environment on to its children; the adapters switch a library's telemetry off.
MAY_TOUCH_THE_ENVIRONMENT = ("scrubjay/settings.py", "scrubjay/devstack/", "scrubjay/adapters/__init__.py")
# What is chosen there, or rarely asked for, takes a third of the time that it takes to load an API.
MAY_IMPORT_LATE = ("scrubjay/bootstrap/endpoints.py", "scrubjay/llm/json_schema.py")
MAY_CATCH_EVERYTHING = ("worker/tasks.py", "api/", "scrubjay/logging_setup.py")
# The poll itself, the fake model's answering time, and measurements that last as long as they say.
MAY_LET_TIME_PASS = (
    "tests/support.py",
    "tests/model_server/",
    "tests/abuse/",
    "tests/bench/",
    "tests/chaos/",
    "tests/e2e/test_idle.py",
    "tests/contract/test_random_walk.py",  # leases really run out in it
)


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


SOURCE = [ROOT / "celeryconfig.py", *files(*PACKAGES)]
TESTS = files("tests")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def nodes(paths: Iterable[Path], except_in: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the files, with the place where it stands; files whose name starts so are left out."""
    for path in paths:
        name = name_of(path)
        if not name.startswith(except_in or ("\0",)):
            for node in parsed(path):
                yield f"{name}:{getattr(node, 'lineno', 0)}", node


def uses(node: ast.AST, dotted: tuple[str, ...]) -> bool:
    """Whether a node is one of these attributes, or imports one of them by name."""
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in dotted
    return isinstance(node, ast.ImportFrom) and any(f"{node.module}.{name.name}" in dotted for name in node.names)


def test_no_file_is_longer_than_300_lines() -> None:
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCE + TESTS}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES_A_FILE} == {}


def test_no_function_is_50_lines_long() -> None:
    long = [
        f"{place} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for place, node in nodes(SOURCE + TESTS)
        if isinstance(node, FUNCTIONS)
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 >= MOST_LINES_A_FUNCTION
    ]
    assert long == []


def test_no_function_imports() -> None:
    hidden = [
        f"{place} imports in {function.name}"
        for place, function in nodes(SOURCE + TESTS, MAY_IMPORT_LATE)
        if isinstance(function, FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert hidden == []


def test_only_the_settings_and_the_embedded_stack_look_at_the_environment() -> None:
    readers = [place for place, node in nodes(SOURCE, MAY_TOUCH_THE_ENVIRONMENT) if uses(node, ENVIRONMENT)]
    assert readers == []


def test_everything_is_caught_at_the_api_s_last_handler_and_round_tasks_and_background_steps_only() -> None:
    broad = [
        place
        for place, node in nodes(SOURCE + TESTS, MAY_CATCH_EVERYTHING)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
    ]
    assert broad == []


def test_a_log_call_names_a_constant_event_and_never_what_an_error_says() -> None:
    wrong = [
        f"{place} {ast.unparse(node)}"
        for place, node in nodes(SOURCE)
        if isinstance(node, ast.Call)
        and re.fullmatch(r"log\.(debug|info|warning|error|exception|critical|say|warn)", ast.unparse(node.func))
        and (
            len(node.args) != 1
            or not re.fullmatch(r"'\w+'|log\.[A-Z_]+", ast.unparse(node.args[0]))
            or any(
                re.search(r"\bstr\(error\)|\brepr\(|!r|\.text\b|\.content\b", ast.unparse(keyword))
                for keyword in node.keywords
            )
        )
    ]
    assert [fault for fault in wrong if not fault.startswith("scrubjay/devstack/qdrant_engine/__main__.py")] == []


def test_nothing_blocks_a_thread_by_sleeping() -> None:
    assert [place for place, node in nodes(SOURCE + TESTS) if uses(node, ("time.sleep",))] == []


def test_a_test_waits_for_something_to_become_true_and_never_for_time_to_pass() -> None:
    sleeps = [
        place
        for place, node in nodes(TESTS, MAY_LET_TIME_PASS)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("asyncio.sleep", "sleep")
        and ast.unparse(node) != "asyncio.sleep(0)"  # lets others run, waits for nothing
    ]
    assert sleeps == []


def test_no_test_uses_a_mock() -> None:
    mocks = [
        place
        for place, node in nodes(TESTS)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("unittest", "mock")))
        or (isinstance(node, ast.Import) and any(name.name.startswith(("unittest", "mock")) for name in node.names))
    ]
    assert mocks == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the code that may be broken."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, symlinks=True, ignore=shutil.ignore_patterns("*.gz"))
    for file in ("pyproject.toml", "celeryconfig.py"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def import_contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60, check=False)


def test_the_house_as_it_stands_keeps_its_import_contracts(tree: Path) -> None:
    run = import_contracts(tree)
    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout


@pytest.mark.parametrize(
    ("where", "line", "complaint"),
    [
        ("model/turn.py", "from scrubjay.ports import Pingable", "scrubjay.model.turn -> scrubjay.ports"),
        ("search/recall.py", "from scrubjay.api import auth", "scrubjay.search.recall -> scrubjay.api.auth"),
        ("edit/bulk.py", "from scrubjay.search import recall", "scrubjay.edit.bulk -> scrubjay.search.recall"),
        ("api/auth.py", "import scrubjay.worker.app", "scrubjay.api.auth -> scrubjay.worker.app"),
        (
            "api/auth.py",
            "from scrubjay.adapters.redis import keys",
            "scrubjay.api.auth -> scrubjay.adapters.redis.keys",
        ),
        ("ingest/drain.py", "from scrubjay.settings import Settings", "scrubjay.ingest.drain -> scrubjay.settings"),
        ("model/turn.py", "import openai", "scrubjay.model.turn -> openai"),
        ("adapters/qdrant/store.py", "import redis", "scrubjay.adapters.qdrant.store -> redis"),
        ("adapters/celery_wakeups.py", "import celery", "scrubjay.adapters.celery_wakeups -> celery"),
        ("worker/event_loop.py", "import fastapi", "scrubjay.worker.event_loop -> fastapi"),
        ("devstack/stack.py", "import qdrant_edge", "scrubjay.devstack.stack -> qdrant_edge"),
    ],
)
def test_breaking_an_import_contract_on_purpose_fails_the_build(
    tree: Path, where: str, line: str, complaint: str
) -> None:
    broken = tree / "scrubjay" / where
    broken.write_text(f"{broken.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    run = import_contracts(tree)
    assert run.returncode != 0
    assert complaint in run.stdout


def test_a_room_without_a_rank_fails_the_build(tree: Path) -> None:
    (tree / "scrubjay" / "attic.py").touch()
    run = import_contracts(tree)
    assert run.returncode != 0
    assert "scrubjay.attic" in run.stdout


def settings_by_name() -> dict[str, object]:
    """The settings' defaults by environment variable."""
    prefix = Settings.model_config.get("env_prefix", "")
    names = {name: name if name.startswith("openai_") else f"{prefix}{name}" for name in Settings.model_fields}
    return {name.upper(): Settings.model_fields[field].default for field, name in names.items()}


def test_the_example_of_the_environment_lists_every_setting_with_its_default_and_a_sentence() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = {}
    for before, line in zip(["", *lines], lines, strict=False):
        if match := re.fullmatch(r"#?((?:SCRUBJAY|OPENAI)_[A-Z_]+)=(.*)", line):
            assert re.fullmatch(r"# .+\.", before), f"{match[1]} has no sentence above it"
            listed[match[1]] = match[2]
    defaults = settings_by_name()
    assert sorted(listed) == sorted(defaults)
    wrong = {
        name: shown for name, shown in listed.items() if defaults[name] is not None and shown != str(defaults[name])
    }
    assert wrong == {}


def test_the_root_of_the_package_and_each_of_its_rooms_can_be_taken_in_at_a_glance() -> None:
    root = [path for path in (ROOT / "scrubjay").iterdir() if path.name != "__pycache__"]
    assert len([path for path in root if path.suffix == ".py"]) <= 8
    assert len([path for path in root if path.is_dir()]) <= 20
    rooms = Counter(path.parent for path in SOURCE)
    assert {name_of(room): modules for room, modules in rooms.items() if modules > 30} == {}
