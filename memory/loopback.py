"""Whether a host is this machine alone, and whether a connection stays on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

_BY_PROXIES = frozenset((b"forwarded", b"via", b"x-real-ip"))
_BY_PROXIES_TOO = b"x-forwarded-"


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host, given as a name or as an address."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_local(scope: Mapping[str, Any]) -> bool:
    """Whether a request came over a connection that begins and ends on this machine, and by no proxy.

    Args:
        scope: of ASGI. `client` and `server` are the two ends of the connection. A UNIX socket has a path and no port,
            and its client may have no address. A request whose ends are not known is not local.
    """
    if _is_proxied(scope["headers"]):
        return False
    client, server = scope.get("client"), scope.get("server")
    if server is None or not (_is_path(*server) or is_loopback(server[0])):
        return False
    return is_loopback(client[0]) if client else _is_path(*server)


def _is_proxied(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name in _BY_PROXIES or name.startswith(_BY_PROXIES_TOO) for name, _ in headers)


def _is_path(host: str, port: int | None) -> bool:
    return port is None and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
