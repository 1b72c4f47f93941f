"""Ports of the embedded parts."""

from __future__ import annotations

import socket

import pytest

from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.sockets import answers_ping, base_url, free_port, http_get, listen


def test_a_connection_to_the_api_sends_its_answers_without_waiting_for_more() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_refused_by_name() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StackRefused, match=f"Cannot listen on 127.0.0.1:{port}"):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_refused_by_name() -> None:
    with pytest.raises(StackRefused, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_a_free_port_is_none_that_the_kernel_gives_to_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 32_000


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
        ("box.example", "http://box.example:80"),
    ],
)
def test_the_address_that_is_shown_can_be_opened_on_this_machine(host: str, url: str) -> None:
    assert base_url(host, 80) == url


async def test_nobody_listening_is_an_answer_and_not_a_failure() -> None:
    port = free_port()
    assert await http_get("127.0.0.1", port, "/") == (0, b"")
    assert not await answers_ping(port)
