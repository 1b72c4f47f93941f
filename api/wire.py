"""HTTP below the app: what is no HTTP at all is refused in the same shape as everything else."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import problem


class Protocol(HttpToolsProtocol):
    """Uvicorn's own, with another answer to bytes that it cannot read."""

    def send_400_response(self, msg: str) -> None:
        """Refuse and hang up: where the next request would begin is not known."""
        answer = problem(400, "this is not HTTP that can be read", headers={"Connection": "close"})
        headers = b"".join(b"%b: %b\r\n" % pair for pair in answer.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%b\r\n%b" % (headers, bytes(answer.body)))
        self.transport.close()
