"""The way out to webhooks: what may be reached, what is said about the rest, and how a body is signed."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from scrubjay.adapters.http.webhook_sender import HttpWebhooks, is_public
from scrubjay.devstack.sockets import free_port
from scrubjay.settings import Settings
from scrubjay.webhooks.registry import signed
from tests.receiver import Receiver, receiving
from tests.support import wait_until

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
# The same machine, as whoever wants to get past a look at the text would write it.
DISGUISED = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "[::ffff:7f00:1]"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
async def sender() -> AsyncIterator[HttpWebhooks]:
    made = HttpWebhooks(5, private=True)
    yield made
    await made.aclose()


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_not_everybody_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", DISGUISED)
async def test_this_machine_is_not_reached_under_any_of_its_names(receiver: Receiver, host: str) -> None:
    port = receiver.url.split(":")[2]
    sender = HttpWebhooks(5, private=False)
    reply = await sender.send("default", f"http://{host}:{port}", {}, b"{}")
    assert (reply.error, reply.final, reply.status_code) == ("private_address", True, None)
    assert receiver.got == []


async def test_a_host_that_is_not_on_the_operators_list_is_not_reached(receiver: Receiver) -> None:
    sender = HttpWebhooks(5, private=True, hosts=frozenset({"hooks.example.com"}))
    reply = await sender.send("default", receiver.url, {}, b"{}")
    assert (reply.error, reply.final) == ("host_not_allowed", True)
    assert receiver.got == []
    allowed = HttpWebhooks(5, private=True, hosts=Settings(webhook_hosts="a.b, 127.0.0.1").webhooks_may_reach)
    assert (await allowed.send("default", receiver.url, {}, b"{}")).status_code == 204
    await allowed.aclose()


async def test_a_redirect_is_not_followed(receiver: Receiver, sender: HttpWebhooks) -> None:
    receiver.always(307, Location=receiver.url)
    assert (await sender.send("default", receiver.url, {}, b"{}")).status_code == 307
    assert len(receiver.got) == 1


async def test_the_receiver_is_asked_by_its_name_though_the_connection_goes_to_an_address(
    receiver: Receiver, sender: HttpWebhooks
) -> None:
    port = receiver.url.split(":")[2]
    await sender.send("default", f"http://localhost:{port}", {"webhook-id": "x"}, b"{}")
    (got,) = receiver.got
    assert (got.headers["host"], got.headers["webhook-id"], got.body) == (f"localhost:{port.split('/')[0]}", "x", b"{}")


async def test_how_long_a_receiver_asks_us_to_wait_is_told(receiver: Receiver, sender: HttpWebhooks) -> None:
    receiver.always(429, Retry_After="7")
    reply = await sender.send("default", receiver.url, {}, b"{}")
    assert (reply.status_code, reply.retry_after_seconds) == (429, 7.0)


async def test_whatever_goes_wrong_out_there_is_a_word(sender: HttpWebhooks) -> None:
    error_by_url = {
        f"http://127.0.0.1:{free_port()}/": "unreachable",
        "http://nobody.invalid/": "name_unknown",
        f"http://{'a' * 64}.b/": "name_unknown",
        "http://0177.0.0.1/": "invalid_address",
    }
    for url, error in error_by_url.items():
        assert (await sender.send("default", url, {}, b"{}")).error == error, url


async def test_a_connection_that_breaks_and_an_answer_that_does_not_come_are_words_too(sender: HttpWebhooks) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        threading.Thread(target=lambda: server.accept()[0].close()).start()
        assert (await sender.send("default", url, {}, b"{}")).error == "broken_off"
        assert (await HttpWebhooks(0.2, private=True).send("default", url, {}, b"{}")).error == "timeout"


class Resolver:
    """Never answers for a name that begins with `slow`; for others it is this machine."""

    def __init__(self) -> None:
        self.end, self.asked = threading.Event(), list[str]()

    def __call__(self, name: str, port: int) -> list[str]:
        self.asked.append(name)
        if name.startswith("slow"):
            self.end.wait(20)
            raise socket.gaierror
        return ["127.0.0.1"]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    made = Resolver()
    yield made
    made.end.set()


async def test_names_whose_servers_never_answer_hold_up_no_other_look_up_and_are_asked_for_once(
    resolver: Resolver,
) -> None:
    sender, names = HttpWebhooks(0.3, private=True, look_up=resolver), [f"slow{number}.example" for number in range(8)]
    for _ in range(2):  # who asks once more waits for the same answer
        replies = await asyncio.gather(*(sender.send("default", f"http://{name}/", {}, b"{}") for name in names * 2))
        assert {reply.error for reply in replies} == {"timeout"}
    async with asyncio.timeout(2):
        assert await asyncio.get_running_loop().getaddrinfo("localhost", 80)
    assert sorted(resolver.asked) == sorted(names)


async def test_tenants_whose_names_are_never_answered_take_no_place_from_another(
    resolver: Resolver, receiver: Receiver
) -> None:
    sender, port = HttpWebhooks(20, private=True, look_up=resolver), receiver.url.rpartition(":")[2]
    slow = [
        asyncio.create_task(sender.send(f"tenant{place % 7}", f"http://slow{place}.example/", {}, b"{}"))
        for place in range(7 * 20)
    ]
    try:
        await wait_until(lambda: len(resolver.asked) >= 7 * 8, what="the slow names being asked for")
        reply = await sender.send("quiet", f"http://well.example:{port}", {}, b"{}")
        assert reply.status_code == 204
        assert len(resolver.asked) == 7 * 8 + 1
    finally:
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await sender.aclose()


async def test_tls_is_not_spoken_with_a_stranger(receiver: Receiver, sender: HttpWebhooks) -> None:
    reply = await sender.send("default", receiver.url.replace("http:", "https:"), {}, b"{}")
    assert reply.error == "unreachable"
    assert receiver.got == []


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({"auth": "off"}, True), ({"auth": "keys"}, False),
        ({"auth": "off", "webhook_private": "off"}, False), ({"auth": "keys", "webhook_private": "on"}, True),
    ],
)  # fmt: skip
def test_private_addresses_may_be_reached_where_it_is_said_or_where_only_this_machine_may_call(
    settings: dict[str, str], may: bool
) -> None:
    assert Settings.model_validate(settings).webhooks_may_be_private is may
