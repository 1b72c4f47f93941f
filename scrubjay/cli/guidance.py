"""`scrubjay guidance`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.common import DEFAULT_URL, AsJson, Key, Url, call, out, refuse, show_json, table
from scrubjay.client import Guidance

app = typer.Typer()

Text = Annotated[str | None, typer.Option(help="An empty text removes it.")]
Category = Annotated[
    list[str] | None, typer.Option("--category", help="NAME=DESCRIPTION; may be repeated. Replaces all categories.")
]


@app.command(epilog="Example: scrubjay guidance --excludes 'anything about health' --category 'hobby=done for fun'")
def guidance(
    instructions: Text = None,
    includes: Text = None,
    excludes: Text = None,
    category: Category = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Show or change the guidance: what is added to the extraction prompt of every turn."""
    current = call(url, key, lambda client: client.guidance())
    texts = {"custom_instructions": instructions, "includes": includes, "excludes": excludes}
    changes = {name: text or None for name, text in texts.items() if text is not None}
    if changes or category is not None:
        changed: Guidance = {**current, **changes}  # type: ignore[typeddict-item]  # the names are those of the keys
        if category is not None:
            changed["custom_categories"] = dict(map(category_of, category))
        current = call(url, key, lambda client: client.guide(changed))
    if as_json:
        show_json(dict(current))
        return
    categories = dict(current.get("custom_categories") or {})
    rows = [(name.replace("_", " "), current.get(name) or "nothing") for name in texts]
    rows += [(f"category {name}", what) for name, what in categories.items()]
    out().print(table(rows, "guidance", ""))


def category_of(category: str) -> tuple[str, str]:
    """A category and what belongs in it; exit status 2 for one without a name."""
    name, _, what = category.partition("=")
    if not name.strip():
        raise refuse("Give each category as NAME=WHAT BELONGS IN IT.", 2)
    return name.strip(), what.strip()
