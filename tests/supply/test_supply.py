"""The inventory names all that runs in production; an audit that could not ask does not pass for one that did."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply import audit
from tests.supply.audit import Seen, judged, verdict
from tests.supply.installed import ROOT, Package, pins

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The inventory that the command writes; a process of its own, as what it imports takes seconds."""
    output = tmp_path_factory.mktemp("sbom") / "sbom.cdx.json"
    subprocess.run([sys.executable, "-m", "tests.supply.sbom", "--output", str(output)], cwd=ROOT, check=True)
    inventory: dict[str, Any] = json.loads(output.read_text())
    return inventory


@pytest.fixture(scope="module")
def sbom(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its components by canonical name."""
    return {canonicalize_name(component["name"]): component for component in document["components"]}


def named_in_pyproject() -> set[str]:
    """What the project says itself that it needs at run time."""
    project = tomllib.loads(PYPROJECT)["project"]
    needs = map(Requirement, project["dependencies"] + project["optional-dependencies"]["server"])
    return {canonicalize_name(need.name) for need in needs if need.marker is None or need.marker.evaluate()}


def test_the_inventory_names_every_runtime_dependency_in_its_pinned_version_with_its_licence(
    sbom: dict[str, dict[str, Any]],
) -> None:
    assert len(named_in_pyproject()) > 25
    assert named_in_pyproject() <= set(sbom)
    versions = pins()
    assert {name: component["version"] for name, component in sbom.items()} == {name: versions[name] for name in sbom}
    assert [name for name, component in sbom.items() if not component.get("licenses")] == []
    assert all(component["purl"] == f"pkg:pypi/{name}@{component['version']}" for name, component in sbom.items())


def test_the_inventory_names_no_tool_of_development(sbom: dict[str, dict[str, Any]]) -> None:
    assert {"pytest", "mypy", "ruff", "selenium", "pip-audit", "cyclonedx-bom", "scrubjay"}.isdisjoint(sbom)
    assert {"starlette", "anyio", "certifi", "kombu"} <= set(sbom)  # and what is needed by what is needed


def test_the_inventory_says_who_needs_whom(document: dict[str, Any]) -> None:
    needs_of = {dependency["ref"]: dependency.get("dependsOn", []) for dependency in document["dependencies"]}
    versions = pins()
    assert f"starlette@{versions['starlette']}" in needs_of[f"fastapi@{versions['fastapi']}"]


def test_everything_is_pinned_to_a_release_under_a_licence_that_we_can_take() -> None:
    assert audit.pinned() == Seen()
    assert audit.licensed() == Seen()


def test_a_licence_that_is_not_on_the_list_or_not_declared_is_a_finding() -> None:
    def package(*licences: str) -> Package:
        return Package("x", "1", "", licences, ())

    judged_as = {
        licences: bool(audit.refused_licences({"x": package(*licences)}))
        for licences in [("MIT",), ("MPL-2.0 AND (Apache-2.0 OR MIT)",), ("GPL-3.0",), ("MIT AND GPL-3.0",), ()]
    }
    assert list(judged_as.values()) == [False, False, True, True, True]


def answer(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": []}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


@pytest.mark.parametrize(
    ("report", "status", "strictly", "line"),
    [
        (answer(GOOD), 0, 0, "ok "),
        (answer(GOOD, BAD), 1, 1, "FOUND        not safe: b 2: PYSEC-1, mended in 3"),
        (answer(SKIPPED, SKIPPED), 0, 1, "NOT AUDITED  safe: the advisory service cannot be reached"),
        (answer(SKIPPED, BAD), 1, 1, "NOT AUDITED  safe: nothing is known of 1 of 2: c"),
        ("", 0, 1, "NOT AUDITED  safe: the advisory service cannot be reached"),
    ],
)
def test_a_finding_fails_the_audit_and_what_could_not_be_asked_is_said(
    report: str, status: int, strictly: int, line: str
) -> None:
    lines, code = verdict({"safe": judged(report)}, strict=False)
    assert code == status
    assert any(reported.startswith(line) for reported in lines), lines
    assert verdict({"safe": judged(report)}, strict=True)[1] == strictly
