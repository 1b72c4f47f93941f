"""What `scrubjay mcp` becomes."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from scrubjay.cli.common import DEFAULT_URL, Key, Url, out, refuse
from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.sockets import base_url, listen
from scrubjay.errors import ScrubjayError
from scrubjay.mcp.http import PATH, make_app, require_server_keys, serve
from scrubjay.mcp.reach import Reach
from scrubjay.mcp.server import make_server
from scrubjay.model.loopback import is_loopback

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

UserId = Annotated[
    str | None,
    typer.Option(
        "--user-id",
        envvar=["SCRUBJAY_USER_ID", "MEM0_DEFAULT_USER_ID"],
        help="Default user of calls that name no owner.",
    ),
]


@app.command(
    epilog="Examples: scrubjay mcp --user-id alice · scrubjay mcp --http --port 8765 · "
    "scrubjay mcp --http --host 0.0.0.0 --allowed-host memory.example.org"
)
def mcp(
    user_id: UserId = None,
    http: Annotated[bool, typer.Option("--http", help="Serve streamable HTTP instead of stdio.")] = False,
    host: Annotated[str, typer.Option("--host", help="Listen here; beyond loopback, callers need a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 picks one.")] = 8765,
    allowed_host: Annotated[
        list[str] | None, typer.Option("--allowed-host", help="A host name by which callers reach it; may be repeated.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Serve memory to agents by the Model Context Protocol, as a client of a running Scrubjay.

    Over stdio (the default) an editor or a desktop client starts this command itself. With --http it prints
    `ready URL` and serves until it is stopped; a caller's own key (Authorization: Bearer) goes before --key, and
    beyond this machine --key is lent to nobody.
    """
    alone = not http or is_loopback(host)
    server = make_server(Reach(url, key, user_id, lends_key=alone))
    if not http:
        server.run()
        return
    try:
        if not alone:
            asyncio.run(require_server_keys(url))
        listener = listen(host, port)
    except (ScrubjayError, StackRefused) as error:
        raise refuse(str(error), 2) from error
    out().print(f"ready {base_url(host, listener.getsockname()[1])}{PATH}", soft_wrap=True)
    asyncio.run(serve(make_app(server, [host, *(allowed_host or ())], needs_key=not alone), listener))


if __name__ == "__main__":
    app(prog_name="scrubjay mcp")
