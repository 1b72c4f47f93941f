"""The fault run of `make chaos`, a short one: the command itself, its figures and its picture."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.chaos.faketime import FaketimeMissing, libfaketime
from tests.chaos.fault_run.sizes import SHORT

ROOT = Path(__file__).parents[2]
FAULT_RUN_SECONDS = 240


def require_libfaketime() -> None:
    """Skip the test where no clock can be moved; in CI, where it is installed, fail it."""
    try:
        libfaketime()
    except FaketimeMissing as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.mark.timeout(FAULT_RUN_SECONDS + 30)
async def test_a_short_fault_run_loses_repeats_and_disorders_nothing_and_each_of_its_faults_took_effect(
    tmp_path: Path,
) -> None:
    require_libfaketime()
    target = tmp_path / "chaos.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.fault_run", "--short", "--json", str(target),
        "--data", str(tmp_path / "run"),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(FAULT_RUN_SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    report = json.loads(target.read_text())
    assert report["turns"] >= SHORT.turns
    assert {finding["number"] for finding in report["findings"]} == set(range(12))
    assert report["faults"]["took_effect"].keys() == {str(fault) for fault in SHORT.at_least}
    assert target.with_suffix(".svg").read_text().startswith("<?xml")
