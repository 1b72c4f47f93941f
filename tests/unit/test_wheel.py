"""What is installed in production is the wheel: whatever is missing from it is missing there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "worker", "memory")
BUILD = "from setuptools import build_meta; build_meta.build_wheel('dist')"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a freshly built wheel."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "celeryconfig.py"):
        shutil.copy(ROOT / name, source)
    build = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=source, capture_output=True, text=True, timeout=60, check=False
    )
    assert build.returncode == 0, build.stderr
    (built,) = (source / "dist").glob("scrubjay-*.whl")
    with ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_every_file_of_every_package(wheel: set[str]) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"scrubjay/llm/prompts/extraction.md", "scrubjay/adapters/redis/lua/accept.lua"} < files
    assert files - wheel == set()


def test_the_wheel_carries_celery_s_configuration_and_the_licence_but_no_tests(wheel: set[str]) -> None:
    assert "celeryconfig.py" in wheel
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert not any(name.startswith("tests") for name in wheel)
