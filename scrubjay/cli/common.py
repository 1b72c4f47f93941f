"""What the commands share: the options that name the server, the one bridge to async, how things are shown."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import orjson
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scrubjay.client import Owner, ScrubjayClient, ServerUnreachable
from scrubjay.client.views import Page
from scrubjay.client.wire import LAST_PAUSE_SECONDS
from scrubjay.errors import ScrubjayError

T = TypeVar("T")
DEFAULT_URL = "http://127.0.0.1:8000"

Url = Annotated[str, typer.Option("--url", envvar="SCRUBJAY_URL", help="The server's address.")]
Key = Annotated[str | None, typer.Option("--key", envvar="SCRUBJAY_KEY", help="Your API key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
User = Annotated[str | None, typer.Option("--user", help="The user whose memory it is.")]
Agent = Annotated[str | None, typer.Option("--agent", help="The agent whose memory it is.")]
Run = Annotated[str | None, typer.Option("--run", help="The run (session) whose memory it is.")]
App = Annotated[str | None, typer.Option("--app", help="The app whose memory it is.")]
Filter = Annotated[
    str | None,
    typer.Option("--filter", metavar="JSON", help='Further conditions: \'{"categories": {"in": ["food"]}}\'.'),
]
PageNumber = Annotated[int, typer.Option("--page", min=1, help="Page number.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="Continue after the previous page, instead of --page.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


def out() -> Console:
    """Where results go; made when asked for, so that it follows a redirected stdout."""
    return Console(highlight=False)


def err() -> Console:
    """Where everything else goes."""
    return Console(stderr=True, highlight=False)


def go_on(listing: Page[Any], page: int) -> None:
    """Say how to see more of a list, where there is more."""
    if listing.next:
        following = (
            f"--cursor {listing.cursor}" if listing.cursor and "cursor=" in listing.next else f"--page {page + 1}"
        )
        out().print(f"{listing.count} in all. Next page: {following}.", soft_wrap=True)


def refuse(sentence: str, status: int = 1) -> typer.Exit:
    """Say what is wrong; raise what is returned."""
    err().print(sentence, style="red", markup=False, soft_wrap=True)
    return typer.Exit(status)


@dataclass(frozen=True)
class Waiting:
    """How long a command waits for the server.

    Args:
        retries: how often a safe call is made again, or any that was refused with 429.
        timeout_seconds: how long one answer is waited for.
        patience_seconds: the longest pause that the server may ask for with a 429.
    """

    retries: int = 1
    timeout_seconds: float = 30
    patience_seconds: float = LAST_PAUSE_SECONDS


_BRIEFLY = Waiting()


def call(url: str, key: str | None, use: Callable[[ScrubjayClient], Awaitable[T]], waiting: Waiting = _BRIEFLY) -> T:
    """Use a client, and turn what goes wrong into one sentence and exit status 1.

    Args:
        url: the server's address.
        key: the API key.
        use: what to do with the client.
        waiting: how long to wait for the server.
    """

    async def with_client() -> T:
        async with ScrubjayClient(url, key, **asdict(waiting)) as client:
            return await use(client)

    try:
        return asyncio.run(with_client())
    except ServerUnreachable as error:
        raise refuse(f"{error} Start a server with `scrubjay up`, or name one with --url.") from error
    except ScrubjayError as error:
        raise refuse(str(error)) from error


def owner(user: str | None, agent: str | None, run: str | None, app: str | None, filters: object = None) -> Owner:
    """The owner that the options name; exit status 2 when they name none, and there are no filters to do so."""
    if user is None and agent is None and run is None and app is None and filters is None:
        raise refuse("Say whose memory: give at least one of --user, --agent, --run and --app.", 2)
    return ids_of(user, agent, run, app)


def ids_of(user: str | None, agent: str | None, run: str | None, app: str | None) -> Owner:
    """The ids of an owner that the options name, which may be none."""
    return {"user_id": user, "agent_id": agent, "run_id": run, "app_id": app}


def owner_label(whose: Any) -> str:
    """The owner of something, for a person to read.

    Args:
        whose: has `user_id`, `agent_id`, `run_id` and `app_id`, each a name or None.
    """
    ids = (("user", whose.user_id), ("agent", whose.agent_id), ("run", whose.run_id), ("app", whose.app_id))
    return ", ".join(f"{kind} {name}" for kind, name in ids if name is not None)


def conditions(text: str | None) -> dict[str, Any] | None:
    """The filter that an option holds as JSON; exit status 2 when it is none."""
    try:
        parsed = None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise refuse(f"--filter is not valid JSON: {error}.", 2) from error
    if parsed is not None and not isinstance(parsed, dict):
        raise refuse('--filter takes a JSON object, such as {"categories": {"in": ["food"]}}.', 2)
    return parsed


def confirm(yes: bool, question: str) -> None:
    """Ask before something that cannot be undone, unless the answer was given already."""
    if not yes:
        typer.confirm(question, abort=True)


def show_json(value: BaseModel | Sequence[Any] | dict[str, Any]) -> None:
    """Print a value as JSON."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode() + "\n")


def table(rows: Sequence[Sequence[object]], *columns: str) -> Table:
    """Rows under headings; long cells are folded, never cut off."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=False)
    for row in rows:
        made.add_row(*("" if cell is None else plain(cell) for cell in row))
    return made


def plain(cell: object) -> str:
    """A cell as text that rich does not read as markup."""
    return when(cell) if isinstance(cell, datetime) else escape(str(cell))


def when(time: datetime) -> str:
    """A time to the second, in UTC as the server keeps it."""
    return f"{time:%Y-%m-%d %H:%M:%S}"
