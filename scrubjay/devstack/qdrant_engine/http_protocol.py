"""HTTP on the wire, by uvicorn and httptools; a body that is too large is not answered: as Qdrant does, it hangs up."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_BODY_BYTES = 32 * 1024 * 1024


class Protocol(HttpToolsProtocol):
    """One connection, which ends without an answer at a body of more than `most_bytes`."""

    most_bytes = MAX_BODY_BYTES
    _size = 0
    _is_refused = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Look at the length that is announced."""
        super().on_header(name, value)
        if name.lower() == b"content-length" and value.isdigit() and int(value) > self.most_bytes:
            self._is_refused = True

    def on_headers_complete(self) -> None:
        """Begin the request, or end the connection."""
        if self._is_refused:
            self.transport.close()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what comes, as a body may come without a length."""
        self._size += len(body)
        if self._size > self.most_bytes:
            self._is_refused = True
            self.transport.close()
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The body has come."""
        self._size = 0
        if not self._is_refused:
            super().on_message_complete()
