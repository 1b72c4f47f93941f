"""What `/health/ready` answers, where it is Scrubjay that answers."""

from __future__ import annotations

from typing import Any

import httpx

from scrubjay.client.wire import ApiError
from scrubjay.model import Readiness

PATH = "/health/ready"


def readiness(response: httpx.Response) -> tuple[bool, dict[str, Any]]:
    """Read the server's HTTP response to `GET /health/ready` for the client.

    Returns whether turns are accepted, and what the server says of its parts. Raises ApiError where it is no Scrubjay.
    """
    try:
        body = response.json()
    except ValueError:  # no JSON, or no text at all
        body = None
    if not _is_ours(body):
        url = str(response.url).removesuffix(PATH)
        sentence = f"{url} does not answer like Scrubjay (HTTP {response.status_code})"
        raise ApiError(sentence, "not_scrubjay", response.status_code)
    return response.status_code == httpx.codes.OK, body


def _is_ours(body: Any) -> bool:
    """Whether the JSON body that the client got from `/health/ready` has the form of a Scrubjay server's answer."""
    if not isinstance(body, dict) or body.get("status") not in list(Readiness):
        return False
    parts = body.get("parts", {})
    return isinstance(parts, dict) and all(isinstance(part, dict) and "ok" in part for part in parts.values())
