"""How the client talks: one connection pool, the server's own sentence as error, patience where it is safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from scrubjay.errors import ScrubjayError

FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.2, 5.0
PATIENCE_STATUSES = frozenset({429, 502, 503, 504})
_REFUSED = HTTPStatus.TOO_MANY_REQUESTS  # nothing was done: any call may be made again
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


class ApiError(ScrubjayError):
    """The server refused or failed.

    Args:
        detail: the server's sentence.
        code: the server's short name for the error.
        status: the HTTP status.
        retry_after_seconds: how long the server asks us to wait, if it does.
    """

    def __init__(self, detail: str, code: str, status: int, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class ServerUnreachable(ScrubjayError):
    """Nobody answers at the address, or not in time."""

    code = "unreachable"


class Wire:
    """Asks one server.

    Args:
        url: the server's address.
        key: the API key, if one is needed.
        retries: how often a safe call is made again, or any that was refused with 429.
        timeout_seconds: how long to wait for one answer.
        patience_seconds: the longest pause before a call that was refused with 429; where the server asks for a longer
            one, that is the answer.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        retries: int,
        timeout_seconds: float,
        patience_seconds: float = LAST_PAUSE_SECONDS,
    ) -> None:
        self._url = url.rstrip("/")
        self._retries = retries
        self._patience_seconds = patience_seconds
        self._http = httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout_seconds,
            trust_env=httpx.URL(url).host not in LOOPBACK_HOSTS,  # no proxy on the way to ourselves
            verify=httpx.URL(url).scheme != "http",  # nothing to verify, and to load the authorities takes a while
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, method: str, path: str, *, safe: bool = False, **request: Any) -> Any:
        """The answer's JSON.

        Args:
            method, path: the route.
            safe: whether the call may be made twice.
            request: `json`, `params` and `headers`; what is None in the first two is left out.

        Raises ApiError, ServerUnreachable.
        """
        return (await self.send(method, path, safe=safe, **request)).json()

    async def send(self, method: str, path: str, *, safe: bool, **request: Any) -> httpx.Response:
        """The answer, which is no error. Arguments and errors as in `ask`."""
        request = _without_none(request)
        for attempt in range(self._retries):
            pause = min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
            try:
                response = await self.once(method, path, **request)
            except ServerUnreachable:
                if not safe:
                    raise
                await asyncio.sleep(pause)
                continue
            wished = self._pause(response, pause, safe)
            if wished is None:
                return accepted(response)
            await asyncio.sleep(wished)
        return accepted(await self.once(method, path, **request))

    def _pause(self, response: httpx.Response, pause: float, safe: bool) -> float | None:
        """Seconds to wait before a call is made again; None: it is not."""
        if response.status_code == _REFUSED:
            pause_seconds = retry_after(response.headers)
            return None if (pause_seconds or 0) > self._patience_seconds else pause_seconds or pause
        return wished_pause(response.headers, pause) if safe and response.status_code in PATIENCE_STATUSES else None

    async def lines(self, method: str, path: str, **request: Any) -> AsyncIterator[bytes]:
        """The lines of an answer while they come. Raises ApiError, and ServerUnreachable also in the midst."""
        rest = b""
        try:
            async with self._http.stream(method, path, **_without_none(request)) as response:
                if response.is_error:
                    await response.aread()
                accepted(response)
                async for chunk in response.aiter_bytes():
                    *whole, rest = (rest + chunk).split(b"\n")  # a text may hold what else passes for a line's end
                    for line in whole:
                        yield line
        except httpx.TransportError as error:
            raise ServerUnreachable(f"{self._url} did not send everything.") from error
        if rest:
            raise ServerUnreachable(f"{self._url} did not send everything.")

    async def once(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, whatever it is. Raises ServerUnreachable."""
        try:
            return await self._http.request(method, path, **request)
        except httpx.TimeoutException as error:
            raise ServerUnreachable(f"{self._url} did not answer in time.") from error
        except httpx.TransportError as error:
            raise ServerUnreachable(f"Nobody answers at {self._url}.") from error


def _without_none(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what is None in `json` and `params`."""
    parts = {part: request[part] for part in ("json", "params") if part in request}
    cleaned = {part: {name: it for name, it in fields.items() if it is not None} for part, fields in parts.items()}
    return {**request, **cleaned}


def wished_pause(headers: Mapping[str, str], otherwise: float) -> float:
    """Seconds to wait as the server wishes (within reason), else as we do."""
    pause_seconds = retry_after(headers)
    return otherwise if pause_seconds is None else min(LAST_PAUSE_SECONDS, pause_seconds)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks us to wait; None where it names none."""
    try:
        return float(headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def accepted(response: httpx.Response) -> httpx.Response:
    """The same answer. Raises ApiError when it is an error."""
    if not response.is_error:
        return response
    try:
        body = response.json()
        detail, code = str(body["detail"]), str(body["error"])
    except (ValueError, KeyError, TypeError):
        detail, code = f"The server answered with status {response.status_code}.", "error"
    raise ApiError(detail, code, response.status_code, retry_after(response.headers))
