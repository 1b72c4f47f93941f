"""What is checked of an answer beside Schemathesis's own checks, and which of its findings are none."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData, UnsupportedMethodResponse

from tests.fuzz.shape import wrong_shape

# Rules that no JSON schema tells: what a filter may say, how deep and large metadata may be, that a receipt's 1 is not
# 1.0, what holds between parameters of a query, that a cursor is one of ours. A refusal that begins like this is right
# for data that is valid by the document.
_MOMENTS = ("timestamp", "as_of", "accepted_after", "accepted_before")
UNTOLD = (
    "filters: ",
    "metadata: ",
    "receipt: ",
    "name an owner: ",
    "page and page_size reach ",
    "cursor: ",
    "cursor and page exclude ",
    *(f"{name}: must lie " for name in _MOMENTS),
)
# Rules that the document tells, broken by us: an owner that exists was put in beside `all` of dead letters or beside an
# admin's role, and chains of calls take a receipt's `key_id` for that of an API key.
PUT_IN = ("give either all", "an admin's key cannot be limited", "key_id: String should match")


@schemathesis.check
def refusal_has_its_shape(_: schemathesis.CheckContext, response: schemathesis.Response, case: Any) -> None:
    """Every 4xx, also one that the document does not name, is a sentence and a code."""
    if 400 <= response.status_code < 500:
        content_types = response.headers.get("content-type", [""])
        fault = wrong_shape(response.content or b"", content_types[0])
        assert fault is None, fault


@schemathesis.check
def healthy_stack_is_there(_: schemathesis.CheckContext, response: schemathesis.Response, case: Any) -> None:
    """Nothing is away while everything runs."""
    assert response.status_code != 503, "503 from a healthy stack"


@schemathesis.hook
def filter_failure(_: schemathesis.HookContext, failure: Any, case: Any, response: schemathesis.Response) -> bool:
    """Whether a finding is one."""
    if isinstance(failure, RejectedPositiveData):
        return not any(f'"detail":"{rule}'.encode() in (response.content or b"") for rule in (*UNTOLD, *PUT_IN))
    if isinstance(failure, UnsupportedMethodResponse | AllowHeaderMismatch):
        return not is_another(case.operation.path, case.operation.schema.raw_schema["paths"])
    return True


def is_another(path: str, templates: Any) -> bool:
    """Whether a path without parameters is also an address of another route: /receipts/verify is that of a receipt."""
    fits = (re.fullmatch(re.sub(r"\{[^/]+\}", "[^/]+", other), path) for other in templates if other != path)
    return any(fits)
