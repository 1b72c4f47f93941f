"""The wheel, installed as its users install it: alone beside a service elsewhere, and with all that serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.running import Running, started
from tests.supply.built import ROOT, Built

MOST_BYTES = 60_000_000
REMEMBERED = "I live in Lisbon."


@dataclass(frozen=True)
class Installed:
    """A virtual environment that has nothing but the wheel and what it needs.

    Args:
        venv: where it is.
        folder: empty; programs run in it, so that nothing of the checkout is found.
    """

    venv: Path
    folder: Path

    def run(self, command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs."""
        program, *arguments = command
        return subprocess.run(
            [str(self.venv / "bin" / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    @property
    def size_bytes(self) -> int:
        """What the installed packages take, without what Python compiles of them."""
        packages = next(self.venv.glob("lib/python*/site-packages"))
        files = (path for path in packages.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return sum(path.stat().st_size for path in files)


def install(folder: Path, built: Built, extras: str = "") -> Installed:
    """Install the wheel into a new environment. Raises subprocess.CalledProcessError."""
    venv, empty = folder / "venv", folder / "empty"
    empty.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=60)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install", "-qq", "--no-input"]
    pip += ["--no-compile", "--disable-pip-version-check", "--constraint", str(ROOT / "requirements.lock")]
    subprocess.run([*pip, f"{built.wheel}{extras}"], cwd=empty, check=True, timeout=280)
    return Installed(venv, empty)


@pytest.fixture(scope="module")
def thin(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("thin"), built)


@pytest.fixture(scope="module")
def serving(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`scrubjay up` of an installation with the extras that serve, run in an empty folder."""
    whole = install(tmp_path_factory.mktemp("whole"), built, "[server,embedded]")
    data = whole.folder.parent / "data"
    up = [str(whole.venv / "bin" / "scrubjay"), "up", "--data", str(data), "--port", "0", "--workers", "1"]
    with started(["env", "-C", str(whole.folder), *up], data, {"PYTHONPATH": ""}) as running:
        yield running


@pytest.mark.timeout(600)
def test_a_thin_installation_talks_to_one_that_serves_and_finds_what_it_said(thin: Installed, serving: Running) -> None:
    posted = thin.run(
        [
            "python",
            "-c",
            dedent(f"""
                import asyncio
                from scrubjay import MemoryClient
                from scrubjay.client import ScrubjayClient

                async def main():
                    async with ScrubjayClient({serving.url!r}) as client:
                        said = [{{"role": "user", "content": {REMEMBERED!r}}}]
                        turn = await client.add_turn(said, user_id="ana")
                        turn = await client.turn(turn.id, wait_ms=30_000)
                    print(turn.status)

                asyncio.run(main())
                memory = MemoryClient(host={serving.url!r}, api_key="any")
                found = memory.search("Where do I live?", user_id="ana")["results"]
                print(found[0]["memory"])
            """),
        ]
    )
    assert posted.returncode == 0, posted.stderr
    assert posted.stdout.splitlines() == ["settled", REMEMBERED]
    done = thin.run(["scrubjay", "search", "Where do I live?", "--user", "ana", "--json"], SCRUBJAY_URL=serving.url)
    assert done.returncode == 0, done.stderr
    assert REMEMBERED in done.stdout


def test_a_thin_installation_is_small(thin: Installed) -> None:
    assert thin.size_bytes < MOST_BYTES


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["scrubjay", "up"], "install Scrubjay with its extra `server` and `embedded`"),
        (["scrubjay", "demo"], "install Scrubjay with its extra `server` and `embedded`"),
        (["scrubjay", "import", "qdrant", "--from", "http://127.0.0.1:1"], "install Scrubjay with its extra `server`"),
        (["scrubjay", "mcp"], "install Scrubjay with its extra `mcp`"),
        (["python", "-c", "from scrubjay import Memory"], "install Scrubjay with its extra `server`"),
    ],
    ids=["up", "demo", "import", "mcp", "library"],
)
def test_what_a_thin_installation_does_not_have_is_named_with_what_to_install(
    thin: Installed, command: list[str], sentence: str
) -> None:
    run = thin.run(command)
    assert run.returncode != 0
    assert sentence in " ".join(run.stderr.split())
