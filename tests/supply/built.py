"""The distributions, built from what git knows of the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BUILD = "from setuptools import build_meta as b; b.build_wheel('dist'); b.build_sdist('dist')"
_PARTS = ("scrubjay", "api", "worker", "pyproject.toml", "README.md", "LICENSE", "celeryconfig.py")


@dataclass(frozen=True)
class Built:
    """Where they are."""

    wheel: Path
    sdist: Path


def build(folder: Path) -> Built:
    """Build both in a copy of the tree.

    Args:
        folder: empty; the copy is made in it.

    Raises AssertionError with what the build said where it fails.
    """
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_PARTS]
    for name in subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split():
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    command = [sys.executable, "-c", _BUILD]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    return Built(wheel, sdist)
