"""docs/security.md names tests and commands that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrubjay.api.auth import Gate
from scrubjay.errors import BadConfiguration
from scrubjay.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_file_that_the_page_of_threats_names_is_there() -> None:
    paths = set(re.findall(r"`(tests/[\w/]+(?:\.py)?)", PAGE))
    assert len(paths) > 15
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_test_that_the_page_of_threats_names_is_there() -> None:
    references = re.findall(r"(test_\w+\.py)(?:::(\w+))?", PAGE)
    assert len(references) > 30
    for file, start in references:
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob(file)]
        assert any(re.search(rf"def {start}", text) for text in texts), f"{file}::{start}"


def test_every_command_that_the_page_of_threats_names_is_there() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= set(targets)


def test_every_setting_that_the_page_of_threats_names_is_a_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in set(re.findall(r"SCRUBJAY_[A-Z_]+", PAGE)) if f"#{name}=" not in example] == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"auth": "off", "host": "0.0.0.0"}, "SCRUBJAY_AUTH=off is refused on 0.0.0.0"),
        ({"auth": "keys", "admin_key": None}, "SCRUBJAY_AUTH=keys needs SCRUBJAY_ADMIN_KEY"),
    ],
)
def test_a_server_that_lets_everybody_in_from_afar_or_nobody_at_all_does_not_start(
    settings: dict[str, str | None], sentence: str
) -> None:
    with pytest.raises(BadConfiguration, match=sentence):
        Gate(Settings.model_validate(settings))
