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
        """Note whether the Content-Length of a request to the embedded Qdrant server is over the limit."""
        super().on_header(name, value)
        if name.lower() == b"content-length" and value.isdigit() and int(value) > self.most_bytes:
            self._is_refused = True

    def on_headers_complete(self) -> None:
        """Begin a request to the embedded Qdrant server; where it is too large, hang up without an answer."""
        if self._is_refused:
            self.transport.close()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the bytes of a request to the embedded Qdrant server, whose body may come without a length.

        A body that is too large closes the connection, as with Qdrant.
        """
        self._size += len(body)
        if self._size > self.most_bytes:
            self._is_refused = True
            self.transport.close()
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request to the embedded Qdrant server, unless it was refused, and count the next body from 0."""
        self._size = 0
        if not self._is_refused:
            super().on_message_complete()
