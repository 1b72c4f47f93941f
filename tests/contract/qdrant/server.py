"""The embedded Qdrant server as a process of its own, for tests."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from qdrant_client import QdrantClient

MODULE = "scrubjay.devstack.qdrant_engine"
STOP_SECONDS = 10


def start_process(data: Path, *options: str) -> "subprocess.Popen[str]":
    """Start a server on a free port without waiting for it."""
    command = [sys.executable, "-m", MODULE, "--port", "0", "--data", str(data), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


class Elsewhere:
    """A Qdrant that somebody else has started."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self) -> QdrantClient:
        """Open an unmodified client."""
        return QdrantClient(url=self.url, cloud_inference=True, timeout=30)


class Server:
    """A running server over `data`; leaving the `with` stops it in an orderly way."""

    def __init__(self, data: Path, *options: str, stays: bool = False) -> None:
        self.data = data
        # The client checks the server's version in a thread that warns when the server is gone by then.
        self.stays = stays
        self.process = start_process(data, *options)
        self.url: str = self.wait_for("qdrant_ready")["url"]

    def wait_for(self, event: str) -> dict[str, str]:
        """Read the server's log until `event`, whose fields are returned."""
        assert self.process.stderr is not None
        seen = []
        for line in self.process.stderr:
            seen.append(line)
            if line.startswith("{") and json.loads(line)["event"] == event:
                fields: dict[str, str] = json.loads(line)
                return fields
        raise AssertionError(f"the server ended before {event}: {''.join(seen)}")

    def client(self) -> QdrantClient:
        """Open an unmodified client."""
        return QdrantClient(url=self.url, cloud_inference=True, timeout=30, check_compatibility=self.stays)

    def signal(self, number: int) -> int:
        """Send a signal and return the exit code."""
        os.kill(self.process.pid, number)
        code = self.process.wait(STOP_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
