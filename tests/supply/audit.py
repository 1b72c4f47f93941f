"""`make audit`: is what we install known to be unsafe, withdrawn, unpinned, or under a licence that we cannot take?

Exits with 1 on any finding. What could not be asked is said, and counts as a finding only with `--strict`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.version import Version
from rich.console import Console
from rich.progress import track

from tests.supply.installed import LOCK, Package, closure, pins

# Each may be used by, and delivered beside, a program under Apache-2.0. LGPL: python-stdnum is imported unchanged.
ALLOWED = frozenset({
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0",
    "PSF-2.0", "Zlib", "3-Clause BSD License", "Apache Software License", "BSD License", "MIT License", "LGPL",
    "ISC License (ISCL)", "GNU Lesser General Public License v2 or later (LGPLv2+)",
})  # fmt: skip
_SECONDS = 300


@dataclass(frozen=True)
class Seen:
    """What one look found: findings, and why some could not be looked for."""

    findings: tuple[str, ...] = ()
    unasked: str | None = None


def pinned() -> Seen:
    """Everything in one released version."""
    try:
        versions = pins()
    except ValueError as error:
        return Seen((str(error),))
    early = [f"{name} {version} is no release" for name, version in versions.items() if Version(version).is_prerelease]
    installed = closure(extras=("server", "embedded")).values()
    loose = [
        f"{package.name} {package.version} is installed, {versions.get(package.key, 'nothing')} is in the lock"
        for package in installed
        if package.name != "scrubjay" and versions.get(package.key) != package.version
    ]
    return Seen((*early, *loose))


def licensed() -> Seen:
    """Everything that runs in production under a licence that is on the list."""
    return Seen(tuple(refused_licences(closure(extras=("server",)))))


def refused_licences(packages: Mapping[str, Package]) -> list[str]:
    """A sentence for each package whose licence is not on the list, or that declares none."""
    refused = []
    for package in packages.values():
        names = [name for licence in package.licences for name in _names(licence)]
        if not names or not set(names) <= ALLOWED:
            refused.append(f"{package.name}: its licence is {', '.join(names) or 'not declared'}")
    return refused


def consistent() -> Seen:
    """Everything agrees with what it needs (`pip check`)."""
    run = _pip("check")
    return Seen(tuple(run.stdout.splitlines()) if run.returncode else ())


def offered() -> Seen:
    """No version was withdrawn by its authors (yanked)."""
    run = _pip("install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-", "-r", str(LOCK))
    try:
        report = json.loads(run.stdout)["install"]
    except (ValueError, KeyError):
        return Seen(unasked="the package registry cannot be reached")
    return Seen(tuple(f"{file['metadata']['name']} is yanked" for file in report if file["is_yanked"]))


def advised() -> Seen:
    """No version has a published advisory (`pip-audit`)."""
    options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *options]
    return judged(_run(command).stdout)


def judged(answer: str) -> Seen:
    """What pip-audit's answer means. It calls "no known vulnerabilities" too what it could not ask about."""
    try:
        every: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return Seen(unasked="the advisory service cannot be reached")
    findings = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {_mended_in(fault)}"
        for package in every
        for fault in package.get("vulns", ())
    ]
    skipped = [package["name"] for package in every if "skip_reason" in package]
    if not skipped:
        return Seen(tuple(findings))
    if len(skipped) == len(every):
        return Seen(unasked="the advisory service cannot be reached, or knows none of our packages")
    return Seen(tuple(findings), f"nothing is known of {len(skipped)} of {len(every)}: {', '.join(skipped)}")


def _mended_in(fault: Mapping[str, Any]) -> str:
    return ", ".join(fault["fix_versions"]) or "no version"


LOOKS: Mapping[str, Callable[[], Seen]] = {
    "pinned to released versions": pinned,
    "consistent": consistent,
    "under licences that we can take": licensed,
    "not withdrawn by their authors": offered,
    "without a published advisory": advised,
}


def verdict(looks: Mapping[str, Seen], *, strict: bool) -> tuple[list[str], int]:
    """The lines to print, and the exit status."""
    lines = []
    for name, seen in looks.items():
        lines += [f"FOUND        not {name}: {finding}" for finding in seen.findings]
        if seen.unasked is not None:
            lines.append(f"NOT AUDITED  {name}: {seen.unasked}")
        elif not seen.findings:
            lines.append(f"ok           {name}")
    has_findings = any(seen.findings or (strict and seen.unasked) for seen in looks.values())
    return lines, 1 if has_findings else 0


def main() -> int:
    """Look, print what was found, and return the exit status."""
    options = argparse.ArgumentParser(prog="make audit", description=__doc__)
    options.add_argument("--strict", action="store_true", help="fail too on what could not be asked")
    strict: bool = options.parse_args().strict
    names = track(LOOKS.items(), description="Auditing", console=Console(stderr=True), transient=True)
    lines, status = verdict({name: look() for name, look in names}, strict=strict)
    needed = len(closure(extras=("server",))) - 1
    print(f"{len(pins())} packages in requirements.lock, {needed} of them needed at run time")
    print("\n".join(lines))
    return status


def _names(licence: str) -> list[str]:
    """The licences within an expression; a name with blanks is one."""
    if licence in ALLOWED:
        return [licence]
    return [name.strip("() ") for name in re.split(r" (?:AND|OR|WITH) ", licence)]


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _run([sys.executable, "-m", "pip", *arguments])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


if __name__ == "__main__":
    sys.exit(main())
