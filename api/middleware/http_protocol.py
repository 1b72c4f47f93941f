"""HTTP on the wire, by uvicorn and httptools; only what cannot be read at all is answered in our own words."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scrubjay.api.errors import problem
from scrubjay.api.middleware.security_headers import SECURITY_HEADERS


class Protocol(HttpToolsProtocol):
    """Used with `uvicorn --http scrubjay.api.middleware.http_protocol:Protocol`."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP, or have a method that HTTP does not know, and hang up."""
        answer = problem(400, "this is not HTTP that can be read", headers={"Connection": "close"})
        headers = [*answer.raw_headers, *SECURITY_HEADERS]
        head = b"".join(b"%s: %s\r\n" % pair for pair in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (head, answer.body))
        self.transport.close()
