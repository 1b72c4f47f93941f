"""A receiver of webhooks on 127.0.0.1: answers as it is told, and keeps what it was sent, byte by byte."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One delivery as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.body)
        return body

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> tuple[str, str | None]:
        """The event, and the words."""
        details = self.json["event_details"]
        return details["event"], details["data"]["memory"]


Answer = tuple[int, Mapping[str, str]]


@dataclass
class Receiver:
    """Keeps what comes; `judge` decides how it is answered: a status, and headers."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    judge: Callable[[Got], Answer] = lambda _: (204, {})

    def always(self, status: int, **headers: str) -> None:
        """Answer everything so; an underscore stands for a hyphen."""
        answer_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.judge = lambda _: (status, answer_headers)

    @property
    def told(self) -> list[tuple[str, str | None]]:
        return [delivery.told for delivery in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A running receiver, on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, body)
            receiver.got.append(got)
            status, more = receiver.judge(got)
            self.send_response(status)
            for name, value in {"Content-Length": "0", **more}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/memories"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def openssls_signature(secret: str, got: Got) -> str:
    """What the signature must be, reckoned by OpenSSL: code that has nothing in common with ours."""
    key = base64.b64decode(secret.removeprefix("whsec_")).hex()
    text = b".".join((got.id.encode(), got.headers["webhook-timestamp"].encode(), got.body))
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"]
    digest = subprocess.run(command, input=text, capture_output=True, check=True).stdout
    return f"v1,{base64.b64encode(digest).decode()}"
