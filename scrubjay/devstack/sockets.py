"""Ports of the embedded parts: finding a free one, holding the API's own, asking who is there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket

from scrubjay.devstack.failures import StackRefused

# Below the range from which the kernel picks ports for outgoing connections: while a part restarts, nobody
# else is given its port by chance.
INNER_PORTS = range(20_000, 32_000)
PROBE_SECONDS = 5


def free_port(host: str = "127.0.0.1") -> int:
    """A port on `host` that nothing listens on now. Raises StackRefused when none is found."""
    for port in random.sample(INNER_PORTS, 200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
            try:
                candidate.bind((host, port))
            except OSError:
                continue
            return port
    raise StackRefused(f"No free port was found on {host}.")


def listen(host: str, port: int) -> socket.socket:
    """The API's listening socket. The supervisor holds it: while the API restarts, callers queue.

    Args:
        host: a name or an address of this machine.
        port: 0 picks a free one.

    Raises StackRefused when the port is taken or the host is not ours.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port or free_port(), type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=1024)
    except socket.gaierror as error:
        raise StackRefused(f"{host} is no address of this machine: choose another with --host.") from error
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise StackRefused(f"Cannot listen on {host}:{port} ({reason}): choose another with --port.") from error
    # Connections inherit it. uvicorn takes a socket that it is handed for a UNIX one and would leave it out, which
    # costs 40 ms an answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def base_url(host: str, port: int) -> str:
    """The address to give to somebody on this machine."""
    shown = reachable(host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def reachable(host: str) -> str:
    """The host to connect to when something listens on `host`: a wildcard is reached through loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


async def answers_ping(port: int) -> bool:
    """Whether a Redis on this port has loaded its data and answers."""
    return (await redis_answer(port, "PING")).startswith(b"+PONG")


async def redis_answer(port: int, command: str) -> bytes:
    """The first line that a Redis on this port answers to a command; empty: nobody answered."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(writer):
                writer.write(f"{command}\r\n".encode())
                return await reader.readline()
    except (OSError, TimeoutError):
        return b""


async def http_get(host: str, port: int, path: str, key: str | None = None) -> tuple[int, bytes]:
    """Ask once, in HTTP/1.0 so that the answer ends where the connection does; status 0: nobody answered.

    Args:
        host: where somebody listens,
        port: and on which port.
        path: what is asked for.
        key: an API key to send.
    """
    headers = [f"Host: {reachable(host)}:{port}"] + ([f"X-API-Key: {key}"] if key else [])
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(reachable(host), port)
            with contextlib.closing(writer):
                writer.write("\r\n".join([f"GET {path} HTTP/1.0", *headers, "", ""]).encode())
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return int(head.split()[1]), body
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0, b""
