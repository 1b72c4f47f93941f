"""A small HTTP server that answers what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeApi:
    """Answers each route with its next planned answer; the last one is repeated."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    _planned: dict[tuple[str, str], list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)

    def plan(self, method: str, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Answer this route so, after the answers planned before.

        Args:
            method, path: the route, without its query.
            body: JSON, or text as it is.
            status: the HTTP status.
            headers: more headers; an underscore stands for a hyphen.
        """
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._planned.setdefault((method, path), []).append((status, body, fields))

    def answer(self, question: Request) -> tuple[int, Any, dict[str, str]]:
        """Keep the request and give the next answer."""
        self.requests.append(question)
        planned = self._planned.get((question.method, question.path.partition("?")[0]))
        if not planned:
            return 404, {"detail": f"Nothing was planned for {question.path}.", "error": "not_found"}, {}
        return planned.pop(0) if len(planned) > 1 else planned[0]


@contextmanager
def fake_api() -> Iterator[FakeApi]:
    """A running fake, on a free port."""
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer, headers = api.answer(Request(self.command, self.path, dict(self.headers), body))
            content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            kind = "text/plain" if isinstance(answer, str) else "application/json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
