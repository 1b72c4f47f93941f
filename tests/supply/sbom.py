"""`make sbom`: what runs in production, as CycloneDX JSON for whoever has to know what they run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tests.supply.installed import ROOT, US, Package, closure

BUILT = ROOT / "build" / "sbom.cdx.json"


def made(packages: Mapping[str, Package]) -> str:
    """The inventory. Raises ValueError where it does not follow the format's schema."""
    licences = LicenseFactory()
    bom = Bom()
    parts: dict[str, Component] = {}
    for key, package in sorted(packages.items()):
        parts[key] = Component(
            name=package.name,
            version=package.version,
            description=package.summary,
            type=ComponentType.APPLICATION if key == US else ComponentType.LIBRARY,
            bom_ref=f"{key}@{package.version}",
            purl=None if key == US else PackageURL("pypi", name=key, version=package.version),
            licenses=[licences.make_from_string(licence) for licence in package.licences],
        )
    bom.metadata.component = parts[US]
    bom.components.update(part for key, part in parts.items() if key != US)
    for key, package in packages.items():
        bom.register_dependency(parts[key], [parts[need] for need in package.needs])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the inventory is not valid CycloneDX: {wrong}")
    return text


def main() -> None:
    """Write it."""
    options = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    options.add_argument("--output", type=Path, default=BUILT, help=f"where to write it (default: {BUILT})")
    output: Path = options.parse_args().output
    packages = closure(extras=("server",))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(made(packages) + "\n", encoding="utf-8")
    print(f"{output}: {len(packages) - 1} packages that Scrubjay needs at run time (CycloneDX 1.6)")


if __name__ == "__main__":
    main()
