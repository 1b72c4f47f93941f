"""`scrubjay receipts list`, and how a receipt is written, shown and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import typer

from scrubjay.cli.common import (
    DEFAULT_URL,
    AsJson,
    Cursor,
    Key,
    PageNumber,
    Url,
    call,
    go_on,
    out,
    refuse,
    show_json,
    table,
)
from scrubjay.client import Owner
from scrubjay.client.views import ReceiptView, VerificationView

app = typer.Typer()
commands = typer.Typer(name="receipts", help="List and show receipts of erases.", no_args_is_help=True)
app.add_typer(commands)


@commands.command("list", epilog="Example: scrubjay receipts list --page 2")
def list_receipts(
    page: PageNumber = 1, cursor: Cursor = None, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = None
) -> None:
    """List the receipts, newest first."""
    listing = call(url, key, lambda client: client.receipts.page(page=page, cursor=cursor))
    if as_json:
        show_json(listing)
        return
    rows = [
        (result.erased_at, "+".join(result.scope), result.turns, result.memories, _said(result), result.id)
        for result in listing.results
    ]
    shown = table(rows, "erased", "named by", "turns", "versions", "nothing left", "receipt")
    out().print(shown if rows else "There are no receipts.")
    go_on(listing, page)


def _said(receipt: ReceiptView) -> str:
    return "yes" if receipt.verified else "no"


def show_receipt(receipt: ReceiptView) -> None:
    """A receipt as a table."""
    facts = receipt.model_dump()
    counts = facts.pop("counts")
    left = facts.pop("left")
    turns = ", ".join(f"{count} {status}" for status, count in counts.pop("turns", {}).items())
    rows = [
        *facts.items(),
        ("turns that were", turns or "none"),
        *((f"removed: {name}", n) for name, n in counts.items()),
    ]
    rows += [(f"left: {name}", n) for name, n in left.items()]
    out().print(table([(name, "+".join(value) if name == "scope" else value) for name, value in rows], "receipt", ""))


def write_receipt(receipt: ReceiptView, file: Path) -> None:
    """Write a receipt as it was given out. Exit status 1 when the file cannot be written."""
    document = orjson.dumps(receipt.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        file.write_bytes(document)
    except OSError as error:
        raise refuse(
            f"{file} cannot be written: {error.strerror}. `scrubjay receipts list` has the receipt."
        ) from error


def check(file: Path, owner: Owner, as_json: bool, url: str, key: str | None) -> None:
    """Check a receipt, say what is wrong with it, a sentence each, and exit with status 1 if anything is."""
    document = _read(file)
    verdict = call(url, key, lambda client: client.receipts.verify(document, **owner))
    if as_json:
        show_json(verdict)
    wrong = reasons(document, verdict)
    for sentence in wrong:
        refuse(sentence)
    if wrong:
        raise typer.Exit(1)
    if not as_json:
        out().print(confirmation(document, verdict))


def _read(file: Path) -> dict[str, Any]:
    """Load an erase receipt from a JSON file of the user; ends the command where the file is no receipt."""
    try:
        document = orjson.loads(file.read_bytes())
    except OSError as error:
        raise refuse(f"{file} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise refuse(f"{file} is no receipt: it is not JSON.") from error
    if not isinstance(document, dict):
        raise refuse(f"{file} is no receipt: it is not a JSON object.")
    return document


def reasons(document: dict[str, Any], verdict: VerificationView) -> list[str]:
    """What is wrong with an erase receipt that the server has checked: a sentence each, to print on the terminal."""
    wrong = []
    if not verdict.signature:
        wrong.append("The signature is wrong: this server has not signed just this receipt, or its key was changed.")
    if verdict.owner is False:
        wrong.append("The receipt is about somebody else: name exactly the ids that were named for the erase.")
    if verdict.left is not None:
        left = {name: count for name, count in verdict.left.model_dump().items() if count}
        wrong += [f"Of what was accepted up to then, {count} {name} are still there." for name, count in left.items()]
    if not document.get("verified"):
        wrong.append("The receipt itself says that something was left behind: forget the owner again.")
    return wrong


def confirmation(document: dict[str, Any], verdict: VerificationView) -> str:
    """What holds, as one sentence."""
    looked = " It is about this owner, and nothing from up to then is left." if verdict.left is not None else ""
    what = f"{document['turns']} turns and {document['memories']} versions were erased at {document['erased_at']}"
    return f"The receipt holds: {what}.{looked}"
