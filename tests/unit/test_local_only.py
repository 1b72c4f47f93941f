"""Without keys only this machine is answered, as the connection itself shows it, whatever else is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from scrubjay.api.app import create_app
from scrubjay.mcp.http import make_app
from scrubjay.mcp.reach import Reach
from scrubjay.mcp.server import make_server
from scrubjay.model.loopback import is_loopback
from scrubjay.settings import Settings

NEAR, FAR = ("127.0.0.1", 4000), ("203.0.113.9", 4000)
HERE = ("127.0.0.1", 8000)
LOCAL = (
    (HERE, NEAR),
    (("::1", 8000), ("::1", 4000)),
    (("::ffff:127.0.0.1", 8000), ("::ffff:127.0.0.1", 4000)),  # a socket on [::] that IPv4 reached
    (("/run/scrubjay.sock", None), None),
    (("@scrubjay", None), None),
)
REMOTE = (
    (("10.1.2.3", 8000), FAR),
    (("0.0.0.0", 8000), FAR),
    (HERE, FAR),  # as a proxy on this machine tells it, where uvicorn believes it
    (("10.1.2.3", 8000), NEAR),
    (("10.1.2.3", None), NEAR),
    (("", None), None),
    (("evil.example", None), None),
    (("evil.example", None), NEAR),
    (("/run/scrubjay.sock", None), FAR),
    (HERE, ("", 0)),
    (HERE, None),
    (None, NEAR),
    (None, None),
)
PROXIED = (
    "forwarded", "x-forwarded", "x-forwarded-for", "x-forwarded-proto", "x-original-forwarded-for", "x-real-ip",
    "x-client-ip", "via", "cf-connecting-ip", "true-client-ip", "fly-client-ip", "x-envoy-external-address", "cdn-loop",
    "tailscale-user-login",
)  # fmt: skip


async def status(app: Any, method: str, path: str, server: Any, client: Any, **headers: str) -> int:
    """The status of an answer to a request on one connection; 500 where a route was reached, as nothing is opened."""
    answers: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answers.append(message)

    all_headers = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        "server": server,
        "client": client,
    }
    await app(scope, receive, send)
    code: int = answers[0]["status"]
    return code


@pytest.fixture(scope="module")
def without_keys() -> Any:
    app = create_app(Settings(auth="off"))
    app.state.parts = SimpleNamespace()  # nothing of it may be touched
    return app


@pytest.mark.parametrize(("server", "client"), REMOTE)
@pytest.mark.parametrize("host", ["10.0.0.5:8000", "localhost", "api"])
async def test_a_request_from_or_to_another_machine_is_refused_without_keys(
    without_keys: Any, server: Any, client: Any, host: str
) -> None:
    for method, path in (
        ("DELETE", "/memories"),
        ("GET", "/keys"),
        ("GET", "/dashboard"),
        ("GET", "/health/live"),
        ("GET", "/v1/ping/"),
        ("GET", "/nothing-here"),
    ):
        assert await status(without_keys, method, path, server, client, host=host) == 403, path


@pytest.mark.parametrize(("server", "client"), LOCAL)
async def test_a_request_that_stays_on_this_machine_is_answered_without_keys(
    without_keys: Any, server: Any, client: Any
) -> None:
    assert await status(without_keys, "GET", "/health/live", server, client) == 200


@pytest.mark.parametrize("header", PROXIED)
async def test_what_came_through_a_proxy_is_refused_without_keys_whatever_the_proxy_says(
    without_keys: Any, header: str
) -> None:
    assert await status(without_keys, "GET", "/health/live", HERE, NEAR, **{header: "127.0.0.1"}) == 403


@pytest.mark.parametrize("host", ["10.0.0.5:8000", "0.0.0.0", "[2001:db8::1]:8000", "memory.example.org"])
async def test_a_request_that_calls_us_by_an_address_of_elsewhere_is_refused_without_keys(
    without_keys: Any, host: str
) -> None:
    assert await status(without_keys, "DELETE", "/memories", HERE, NEAR, host=host) == 403


async def test_with_keys_it_does_not_matter_where_a_request_comes_from() -> None:
    app = create_app(Settings.model_validate({"auth": "keys", "admin_key": "the-operators-own-key"}))
    assert await status(app, "GET", "/health/live", ("10.1.2.3", 8000), FAR, x_forwarded_for="1.2.3.4") == 200


@pytest.mark.parametrize(("server", "client"), REMOTE)
async def test_the_mcp_server_lends_its_key_to_no_other_machine(server: Any, client: Any) -> None:
    made: Starlette = make_app(make_server(Reach("http://127.0.0.1:1", "its-own-key")), [], needs_key=False)
    assert await status(made, "GET", "/elsewhere", server, client) == 403
    assert await status(made, "POST", "/mcp", server, client) == 403


@pytest.mark.parametrize("header", PROXIED)
async def test_the_mcp_server_lends_its_key_to_no_proxy(header: str) -> None:
    made: Starlette = make_app(make_server(Reach("http://127.0.0.1:1", "its-own-key")), [], needs_key=False)
    assert await status(made, "POST", "/mcp", HERE, NEAR, **{header: "127.0.0.1"}) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost"])
def test_only_this_machine_reaches_a_loopback_address_however_it_is_written(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%lo", "a", ""])
def test_others_reach_every_other_address(host: str) -> None:
    assert not is_loopback(host)
