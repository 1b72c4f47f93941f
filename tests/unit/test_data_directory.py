"""Where data are kept unless somebody names another place."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrubjay.devstack.directory import default_directory
from scrubjay.library.config import Configuration


@pytest.mark.parametrize(
    ("data_home", "directory"),
    [
        ("/srv/data", Path("/srv/data/scrubjay")),
        ("", Path("/home/ana/.local/share/scrubjay")),
        ("relative", Path("/home/ana/.local/share/scrubjay")),  # the specification says to pass it over
    ],
)
def test_there_is_one_data_directory_whatever_starts_the_servers(
    monkeypatch: pytest.MonkeyPatch, data_home: str, directory: Path
) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setenv("XDG_DATA_HOME", data_home)
    assert default_directory() == directory
    assert Configuration.read(None).data == directory
