"""The way out to webhooks: one POST to an address that was looked at first, no redirects, and an end to the waiting.

Whoever may register an address must not reach what only this server can: its own machine, its network, a cloud's
metadata service. So names are resolved here, every address found is looked at, and the connection goes to just that
address, whatever the name says a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import httpx

from scrubjay.adapters.http.resolver import LookUp, Names, system
from scrubjay.adapters.http.retry_after import retry_after_seconds
from scrubjay.ports import Reply

_MOST_ADDRESSES = 4
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: holds an IPv4 address, as do 6to4 and mapped ones
_UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291: of IPv6 nothing else is given out
_PORTS = {"http": 80, "https": 443}


class HttpWebhooks:
    """The port `WebhookSender`.

    Args:
        timeout_seconds: how long all of it may take.
        private: whether addresses that are not public may be reached.
        hosts: those that may be reached, as an address names them; None: any.
        look_up: finds the addresses of a name.
    """

    def __init__(
        self, timeout_seconds: float, *, private: bool, hosts: Collection[str] | None = None, look_up: LookUp = system
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._private = private
        self._hosts = hosts
        self._names = Names(look_up)
        self._opened: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close what is open."""
        if self._opened is not None:
            await self._opened.aclose()

    async def send(self, tenant: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post a body to an address that a tenant gave. Whatever goes wrong is a word in the reply."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._send(tenant, httpx.URL(url), headers, body)
        except (TimeoutError, httpx.TimeoutException):
            return Reply(error="timeout")
        except (socket.gaierror, UnicodeError):
            return Reply(error="name_unknown")
        except httpx.TransportError:
            return Reply(error="broken_off")
        except httpx.InvalidURL:
            return Reply(error="invalid_address", final=True)

    async def _send(self, tenant: str, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Reply:
        if self._hosts is not None and url.host not in self._hosts:
            return Reply(error="host_not_allowed", final=True)
        port = url.port or _PORTS.get(url.scheme, 0)
        addresses = await self._names.addresses(tenant, url.raw_host.decode("ascii"), port)
        if not self._private and not all(map(is_public, addresses)):
            return Reply(error="private_address", final=True)
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._post(url, address, headers, body)
            except httpx.ConnectError:  # of several the next one may be reachable
                continue
        return Reply(error="unreachable")

    async def _post(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Reply:
        # The name is what the certificate must be for, and what the receiver is asked for.
        headers = {**headers, "host": url.netloc.decode("ascii")}
        more = {"sni_hostname": url.raw_host.decode("ascii")}
        there = url.copy_with(host=address)
        async with self._client.stream("POST", there, headers=headers, content=body, extensions=more) as response:
            wait = retry_after_seconds(response.headers, datetime.now(UTC))  # nobody reads what else it says
            return Reply(status_code=response.status_code, retry_after_seconds=wait)

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made when it is needed: most servers have no webhooks, and to load the authorities takes a while."""
        if self._opened is None:
            # No connection is kept: the next one to this address may be for another name.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._opened = httpx.AsyncClient(
                timeout=self._timeout_seconds,
                limits=limits,
                trust_env=False,
                verify=httpx.create_ssl_context(),
                follow_redirects=False,
            )
        return self._opened


def is_public(address: str) -> bool:
    """Whether anybody on the internet could reach an address: it is not private, local, shared, reserved or a group's.

    An IPv6 address that only carries an IPv4 one is judged by that.
    """
    plain = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(plain, ipaddress.IPv6Address):
        carried = plain.ipv4_mapped or plain.sixtofour
        if plain in _NAT64:
            carried = ipaddress.IPv4Address(int(plain) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(str(carried))
        if plain not in _UNICAST:
            return False
    return plain.is_global and not plain.is_multicast
