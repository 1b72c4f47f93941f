"""`scrubjay up`: reads the settings, then becomes the supervisor, which needs far less memory than a client."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from scrubjay.cli.common import refuse
from scrubjay.devstack.directory import default_directory
from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.parts import environment_with
from scrubjay.errors import BadConfiguration
from scrubjay.model.loopback import is_loopback
from scrubjay.settings import Settings, check_access

app = typer.Typer()


@app.command(epilog="Example: scrubjay up --port 8000 --data ./memories --workers 2")
def up(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The API's port; 0 picks one.")] = 8000,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="The data directory.",
            show_default="$XDG_DATA_HOME/scrubjay, else ~/.local/share/scrubjay",
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of worker processes.")] = 2,
    host: Annotated[str, typer.Option("--host", help="The address on which the API listens.")] = "127.0.0.1",
) -> None:
    """Run Redis, the Qdrant engine, the API and the workers in the foreground.

    Prints one line `ready URL` on stdout when it serves. A part that dies is started again. SIGTERM or Ctrl-C
    stops all of them; a second one does not wait for work in hand. What was accepted is kept for the next time.
    """
    try:
        directory = data or default_directory()
    except StackRefused as error:
        raise refuse(str(error), 2) from error
    settings = _settings()
    # Only this machine can call: no key is needed, unless somebody asked for keys.
    auth = "off" if is_loopback(host) and "auth" not in settings.model_fields_set else settings.auth
    try:
        check_access(settings.model_copy(update={"auth": auth, "host": host}))
    except BadConfiguration as error:
        raise refuse(f"{error}.", 2) from error
    options = {
        "--data": directory,
        "--host": host,
        "--port": port,
        "--workers": workers,
        "--worker-threads": settings.worker_threads,
        "--finish-seconds": settings.finish_seconds,
        "--auth": auth,
    }
    command = [sys.executable, "-P", "-m", "scrubjay.devstack.supervisor"]
    for name, value in options.items():
        command += [name, str(value)]
    key = settings.admin_key.get_secret_value() if settings.admin_key else None
    os.execve(sys.executable, command, environment_with(key))


def _settings() -> Settings:
    """The settings that every part will read. Raises typer.Exit where they cannot be read."""
    try:
        return Settings.of_service()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors())
        raise refuse(f"A setting is wrong: {wrong}.", 2) from error
    except UnicodeDecodeError as error:
        raise refuse("The file .env is not UTF-8 text.", 2) from error
    except OSError as error:
        raise refuse(f"The file .env cannot be read: {error.strerror}.", 2) from error
