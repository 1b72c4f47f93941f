"""What is installed in production is the wheel: whatever is missing from it is missing there."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from tests.supply.built import ROOT, Built

LINKS = {"scrubjay/api": "api", "scrubjay/worker": "worker"}


def tracked() -> set[str]:
    """The files of the package as git knows them, by the names under which they are installed."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "scrubjay", *LINKS.values()]
    names = set(subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    files = {name if name.startswith("scrubjay/") else f"scrubjay/{name}" for name in names - set(LINKS)}
    return {name for name in files if (ROOT / name).exists()}


@pytest.fixture(scope="module")
def wheel(built: Built) -> set[str]:
    with ZipFile(built.wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(built: Built) -> set[str]:
    with tarfile.open(built.sdist) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if not member.isdir()}


def test_the_wheel_installs_one_package_and_nothing_beside_it(wheel: set[str]) -> None:
    assert {PurePosixPath(name).parts[0] for name in wheel if ".dist-info/" not in name} == {"scrubjay"}


def test_the_source_distribution_holds_one_package(sdist: set[str]) -> None:
    assert {PurePosixPath(name).parts[0] for name in sdist if name.endswith(".py")} == {"scrubjay"}


def test_both_distributions_hold_the_files_that_git_knows_and_no_others(wheel: set[str], sdist: set[str]) -> None:
    files = tracked()
    assert {"scrubjay/llm/prompts/extraction.md", "scrubjay/adapters/redis/lua/accept.lua"} < files
    assert {"scrubjay/api/dashboard/templates/base.html", "scrubjay/adapters/minilm/NOTICE"} < files
    assert {name for name in wheel if ".dist-info/" not in name} == files
    assert {name for name in sdist if name.startswith("scrubjay/")} == files


def test_the_wheel_carries_the_licences(wheel: set[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert any(name.endswith("minilm/NOTICE") and ".dist-info/" in name for name in wheel)


@pytest.mark.parametrize("folder", sorted(LINKS.values()))
def test_a_folder_that_is_linked_into_the_package_is_loaded_under_the_packages_name_alone(folder: str) -> None:
    code = f"import scrubjay.{folder}, sys; assert {folder!r} not in sys.modules; import {folder}"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"`import scrubjay.{folder}`, not `import {folder}`" in run.stderr


def test_an_installed_package_has_no_links(built: Built, tmp_path: Path) -> None:
    with ZipFile(built.wheel) as archive:
        archive.extractall(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_symlink()] == []
