"""Malformed requests on every route that writes: all refused, and nothing stored."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.progress import Progress

from tests.bench.claims import BUILD
from tests.fuzz.document import NoJson, Parameter, WriteRoute, parsed, write_routes
from tests.fuzz.framing import FRAMINGS, no_id
from tests.fuzz.mutations import spoilt
from tests.fuzz.shape import wrong_shape
from tests.fuzz.stored import differences, stored
from tests.fuzz.system import OPERATOR_KEY, Known, System
from tests.fuzz.tally import HUNG_UP, Failure, Tally
from tests.fuzz.wire import Answer, Sent, exchange, plain, request

AT_ONCE = 4
SEEDS = 25
FRAMED = 0.15  # of the bodies: so many are spoilt by how they are sent
CASES = BUILD / "fuzz"
EVERYWHERE = "all of them together"
_TARGETS = {"memory_id": "memories", "key_id": "keys", "turn_id": "turns", "receipt_id": "receipts"}
_TARGETS |= {"webhook_id": "hooks", "delivery_id": "deliveries"}


async def fuzz(system: System, *, bodies: int, seed: int, progress: Progress) -> Tally:
    """Send every route so many malformed requests, and look whether anything was stored.

    Args:
        system: the stack; it is furnished first.
        bodies: for each route; where a route takes none, addresses.
        seed: the same seed, the same requests, up to ids that the server makes.
        progress: shows how far it is.
    """
    known = await system.furnish()
    document = (await system.http.get("/openapi.json")).raise_for_status().json()
    routes, tally = list(write_routes(document)), Tally()
    before = await stored(system)
    task = progress.add_task("malformed requests", total=bodies * len(routes))
    for route in routes:
        valid = await asyncio.to_thread(valid_bodies, system.url, route, seed) if route.body else []
        cases = _cases(route, known, valid, Random(f"{seed} {route.label}"))
        queue = asyncio.Semaphore(AT_ONCE)

        async def one(target: str, sent: Sent, route: WriteRoute = route, queue: asyncio.Semaphore = queue) -> None:
            async with queue:
                await _one(system, route, target, sent, tally)
                progress.advance(task)

        async with asyncio.TaskGroup() as group:
            for _, (target, sent) in zip(range(bodies), cases, strict=False):
                group.create_task(one(target, sent))
    for sentence in differences(before, await stored(system)):
        tally.failed(Failure(EVERYWHERE, "something was stored, changed or lost", sentence, ""))
    return tally


def valid_bodies(url: str, route: WriteRoute, start: int) -> list[Mapping[str, Any]]:
    """A few bodies that the document calls valid, to be spoilt."""
    operation = schemathesis.openapi.from_url(f"{url}/openapi.json")[route.path][route.method]
    bodies: list[Mapping[str, Any]] = []

    @seed(start)
    @settings(
        max_examples=SEEDS,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def take(case: schemathesis.Case[Any]) -> None:
        if isinstance(case.body, dict) and route.takes(json.dumps(case.body).encode()):
            bodies.append(case.body)

    take()
    assert bodies, f"no valid body of {route.label} was found"
    return bodies


def _cases(
    route: WriteRoute, known: Known, valid: Sequence[Mapping[str, Any]], rng: Random
) -> Iterator[tuple[str, Sent]]:
    """Malformed requests without end: where they go, and what is sent."""
    while True:
        target = route.address(_existing(route, known, rng))
        if route.body is None or (_by_address(route) and rng.random() < FRAMED):
            address = _no_address(route, known, rng)
            if address is not None:
                body = json.dumps(rng.choice(valid)).encode() if valid else b""
                yield address, plain("an address that is none", body, certain=True)
            continue
        value = rng.choice(valid)
        if rng.random() < FRAMED:
            yield target, rng.choice(FRAMINGS)(rng, json.dumps(value).encode())
        else:
            sent = spoilt(rng, value)
            if sent.certain or not route.takes(sent.payload):
                yield target, sent


def _by_address(route: WriteRoute) -> bool:
    return any(parameter.place == "path" for parameter in route.parameters)


def _existing(route: WriteRoute, known: Known, rng: Random) -> dict[str, str]:
    """Ids that exist: were a malformed body taken, something would change."""
    return {
        parameter.name: rng.choice(getattr(known, _TARGETS[parameter.name])) if parameter.name in _TARGETS else "7"
        for parameter in route.parameters
        if parameter.place == "path"
    }


def _no_address(route: WriteRoute, known: Known, rng: Random) -> str | None:
    """An address with one parameter that cannot be; None when what was tried is one that can."""
    if route.needs_an_owner and rng.random() < 0.1:
        return route.path + rng.choice(("", "?", "?tenant=x", "?user=owner-1", "?USER_ID=owner-1"))
    wrong, value = rng.choice(route.parameters), no_id(rng)
    if _is_valid(wrong, value) or (wrong.place == "path" and value in (".", "..")):
        return None
    if wrong.place == "path":
        return route.address({**_existing(route, known, rng), wrong.name: value})
    return f"{route.address(_existing(route, known, rng))}?{wrong.name}={quote(value, safe='')}"


def _is_valid(parameter: Parameter, value: str) -> bool:
    try:
        number = parsed(value.encode(errors="replace"))
    except NoJson:
        number = value
    return parameter.valid.is_valid(value) or parameter.valid.is_valid(number)


async def _one(system: System, route: WriteRoute, target: str, sent: Sent, tally: Tally) -> None:
    data = request(route.method, target, OPERATOR_KEY, sent)
    answer = await exchange(urlsplit(system.url).port or 80, data, whole=sent.whole)
    tally.answered(route.label, str(answer.status) if answer.status is not None else HUNG_UP)
    wrong = fault(answer, sent)
    if wrong is not None:
        shown_answer = f"{answer.status} {answer.content[:300].decode(errors='replace')}"
        tally.failed(Failure(route.label, f"{sent.kind}: {wrong}", shown_answer, _kept(system, data)))


def fault(answer: Answer, sent: Sent) -> str | None:
    """What is wrong with the answer to a malformed request; None where it was refused as it should be."""
    if answer.status is None:
        # Refused while the rest was on its way, or never complete: there is nobody to answer.
        return None if not sent.whole or len(sent.payload) > 1_000_000 else "no answer"
    if 400 <= answer.status < 500:
        return wrong_shape(answer.content, answer.content_type)
    return f"answered with {answer.status}"


def _kept(system: System, data: bytes) -> str:
    """Keep a request; returns the command line that sends it again."""
    CASES.mkdir(parents=True, exist_ok=True)
    case = CASES / f"{hashlib.sha256(data).hexdigest()[:12]}.http"
    case.write_bytes(data)
    return f"nc 127.0.0.1 {urlsplit(system.url).port} < {case}"
