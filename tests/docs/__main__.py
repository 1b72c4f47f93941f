"""`make docs`: write the pages that are made from the code."""

from __future__ import annotations

from tests.docs import configuration


def main() -> None:
    """Write them."""
    configuration.PAGE.write_text(configuration.page(), encoding="utf-8")
    print(f"wrote {configuration.PAGE.relative_to(configuration.ROOT)}")


if __name__ == "__main__":
    main()
