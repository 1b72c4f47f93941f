"""The scripted models of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.evals.evaluation import script
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server


@pytest.fixture(scope="package")
def scripted() -> Iterator[ModelServer]:
    """One server for all tests here."""
    with model_server(script=list(script())) as server:
        yield server


@pytest.fixture
def model(scripted: ModelServer) -> ModelServer:
    """The server, knowing its script and nothing else."""
    scripted.reset()
    return scripted
