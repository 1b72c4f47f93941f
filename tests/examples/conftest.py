"""What the examples need besides the stack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from scrubjay.client import ScrubjayClient
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.running import OPERATOR_KEY, Running

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
async def client(keyed: Running) -> AsyncIterator[ScrubjayClient]:
    """A client of the running stack."""
    async with ScrubjayClient(keyed.url, OPERATOR_KEY) as opened:
        yield opened


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    """The scripted model that an example's agent asks; Scrubjay asks none."""
    with model_server() as server:
        yield server


@pytest.fixture
def script(keyed: Running, model: ModelServer) -> Callable[..., str]:
    """Run an example as its first lines say; what it printed."""
    settings = {"SCRUBJAY_URL": keyed.url, "SCRUBJAY_KEY": OPERATOR_KEY}
    endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test"}

    def run(name: str, *arguments: str) -> str:
        command = [sys.executable, str(EXAMPLES / name), *arguments]
        env = {**os.environ, **settings, **endpoint}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run
