"""Whether a host is this machine alone, and whether a connection stays on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

# What proxies, tunnels and content delivery networks add to a request. Callers on this machine send none of them.
_BY_PROXIES = frozenset(
    (
        b"cdn-loop", b"cf-connecting-ip", b"fly-client-ip", b"forwarded", b"tailscale-user-login", b"true-client-ip",
        b"via", b"x-client-ip", b"x-envoy-external-address", b"x-forwarded", b"x-original-forwarded-for", b"x-real-ip",
    )
)  # fmt: skip
_BY_PROXIES_TOO = b"x-forwarded-"
_PATHS = ("/", "@")  # how the address of a UNIX socket begins: a file, or a name that is none


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Pure rule: whether only this machine can reach a host, given as a name or as an IP address (127.0.0.1, ::1)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_local(scope: Mapping[str, Any]) -> bool:
    """Pure rule over an ASGI scope, for every server of ours: whether a request came over a connection that begins and
    ends on this machine (loopback or a UNIX socket), and by no proxy.

    Args:
        scope: of ASGI. `client` and `server` are the two ends of the connection. A UNIX socket has an absolute path
            and no port, and its client has no address. A request whose ends are not known is not local.
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
    return port is None and host.startswith(_PATHS)
