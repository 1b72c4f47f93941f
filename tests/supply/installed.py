"""What is installed, as the packages' own metadata say: who needs whom, in which version, under which licence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
US = "scrubjay"
_LONGEST_LICENCE = 60
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!-]+)")


@dataclass(frozen=True)
class Package:
    """One installed distribution.

    Args:
        name: as it calls itself.
        licences: as it declares them: SPDX expressions, or the names that it uses instead.
        needs: the canonical names of what it needs here.
    """

    name: str
    version: str
    summary: str
    licences: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name as it is compared."""
        return canonicalize_name(self.name)


def closure(root: str = US, extras: Iterable[str] = ()) -> dict[str, Package]:
    """A distribution and all that it needs on this machine, by canonical name.

    Args:
        root: its name.
        extras: those of its optional parts that are meant too.

    Raises importlib.metadata.PackageNotFoundError where something needed is not installed.
    """
    packages: dict[str, Package] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(root), frozenset(extras))]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        name, wanted = at
        installed = distribution(name)
        needs = [(canonicalize_name(need.name), frozenset(need.extras)) for need in _needs(installed, wanted)]
        before = packages[name].needs if name in packages else ()
        packages[name] = _package(installed, {*before, *(need for need, _ in needs)})
        waiting += needs
    return packages


def pins() -> Mapping[str, str]:
    """The versions in the lock, by canonical name. Raises ValueError for a line that is no pin."""
    versions: dict[str, str] = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pin = _PIN.fullmatch(line.strip())
        if pin is None:
            raise ValueError(f"requirements.lock: {line!r} is not pinned to one version")
        versions[canonicalize_name(pin[1])] = pin[2]
    return versions


def _needs(installed: Distribution, extras: frozenset[str]) -> list[Requirement]:
    every = [Requirement(line) for line in installed.requires or ()]
    environments = [{"extra": extra} for extra in extras or {""}]
    return [
        requirement
        for requirement in every
        if requirement.marker is None or any(requirement.marker.evaluate(each) for each in environments)
    ]


def _package(installed: Distribution, needs: set[str]) -> Package:
    metadata = installed.metadata
    return Package(
        name=metadata["Name"],
        version=installed.version,
        summary=_told(installed, "Summary"),
        licences=_licences(installed),
        needs=tuple(sorted(needs)),
    )


def _licences(installed: Distribution) -> tuple[str, ...]:
    """By the newest way to declare it that the package uses: an expression, a short name, a classifier."""
    if expression := _told(installed, "License-Expression"):
        return (expression,)
    every = installed.metadata.get_all("Classifier") or []
    classifiers = [classifier for classifier in every if classifier.startswith("License :: OSI Approved ::")]
    licence = _told(installed, "License")
    if re.fullmatch(r"[\w.+-]+( (AND|OR) [\w.+-]+)*", licence) and licence != "UNKNOWN":
        return (licence,)
    if classifiers:
        return tuple(sorted(classifier.rpartition(" :: ")[2] for classifier in classifiers))
    return (licence,) if 0 < len(licence) <= _LONGEST_LICENCE else ()


def _told(installed: Distribution, field: str) -> str:
    """A field of the metadata, empty where it is not there."""
    return installed.metadata[field].strip() if field in installed.metadata else ""
