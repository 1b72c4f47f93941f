"""Starting the model server from a test, and telling it what to do."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.model_server.wire import Canned, Counts, Fault

_ROOT = Path(__file__).parents[2]


class ModelServer:
    """A typed hold on a running server.

    Args:
        url: as it printed it.
        pid: of its process, for tests that stop or kill it; None when it was started elsewhere.
    """

    def __init__(self, url: str, pid: int | None = None) -> None:
        self.url = url
        self.pid = pid
        self._http = httpx.Client(base_url=url, trust_env=False)

    @property
    def base_url(self) -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"{self.url}/v1"

    @property
    def port(self) -> int:
        """Its port: give it to `running` to start a killed server again in the same place."""
        return int(self.url.rpartition(":")[2])

    def fault(self, *faults: Fault) -> None:
        """Switch faults on; of several that fit a call, the first one hits."""
        for fault in faults:
            self._post("/faults", fault.model_dump_json())

    def heal(self) -> None:
        """Switch all faults off and release what is held; counts stay."""
        self._http.delete("/faults").raise_for_status()

    def release(self) -> None:
        """Let the calls go on that `Kind.HELD` holds now."""
        self._post("/release", "")

    def say(self, *answers: Canned) -> None:
        """Put answers at the end of the script."""
        for canned in answers:
            self._post("/script", canned.model_dump_json())

    def reset(self) -> None:
        """Forget counts, requests, and all faults and answers that it was not started with."""
        self._post("/reset", "")

    def counts(self) -> Counts:
        """What was asked and what went wrong since the start or the last reset."""
        return Counts.model_validate_json(self._http.get("/counts").raise_for_status().content)

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the last 1,000 calls, oldest first."""
        requests: list[dict[str, Any]] = self._http.get("/requests").raise_for_status().json()
        return requests

    def close(self) -> None:
        """Let go of the server; it goes on running."""
        self._http.close()

    def _post(self, path: str, body: str) -> None:
        self._http.post(path, content=body).raise_for_status()


@contextmanager
def running(
    *, port: int = 0, script: Sequence[Canned] = (), dimension: int = 256, faults: Sequence[Fault] = ()
) -> Iterator[ModelServer]:
    """A server in a process of its own, ready when entered and gone when left.

    Args:
        port: 0 for a free one.
        script: answers that survive a reset.
        dimension: length of an embedding.
        faults: on from the start and after every reset.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([canned.model_dump() for canned in script], file)
        file.flush()
        options = ["--port", str(port), "--script", file.name, "--dimension", str(dimension)]
        options += [argument for fault in faults for argument in ("--fault", fault.model_dump_json())]
        command = [sys.executable, "-m", "tests.model_server", *options]
        with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                with closing(ModelServer(_address(process.stdout.readline()), process.pid)) as server:
                    yield server
            finally:
                process.kill()  # it has nothing to lose, and calls that are slow on purpose would keep it alive


def _address(line: str) -> str:
    ready, _, url = line.strip().partition(" ")
    if ready != "ready":
        raise RuntimeError(f"the model server did not start; it said {line!r}")
    return url
