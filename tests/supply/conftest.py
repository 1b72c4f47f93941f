"""The distributions are built once."""

from __future__ import annotations

import pytest

from tests.supply.built import Built, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel and the source distribution."""
    return build(tmp_path_factory.mktemp("built"))
