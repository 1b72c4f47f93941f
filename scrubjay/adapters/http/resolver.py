"""DNS look-ups of names that callers give, in threads of their own.

A name whose server never answers holds its thread until the system gives up, which nobody can cut short. The loop has
few threads for that, and Redis, the store and the model need them: so none of them is used here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Sequence

from scrubjay.offload import Places

LookUp = Callable[[str, int], Sequence[str]]
_Answer = asyncio.Future[Sequence[str]]
_Question = tuple[str, str, int]  # tenant, name, port

_MOST_AT_ONCE, _MOST_OF_A_TENANT = 128, 8  # names; more than these wait, each as long as its attempt may take


def system(name: str, port: int) -> list[str]:
    """The addresses of a name, as the system finds them. Raises gaierror."""
    infos = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(socket_address[0]) for *_, socket_address in infos))


class Names:
    """Looks names up; requests of one tenant for one name share a look-up that is running.

    If the name servers of a tenant's names never answer, only this tenant waits.

    Args:
        look_up: finds the addresses of a name, and may take its time.
    """

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._running: dict[_Question, _Answer] = {}
        self._places = Places(_MOST_AT_ONCE, _MOST_OF_A_TENANT)

    async def addresses(self, tenant: str, name: str, port: int) -> list[str]:
        """The addresses of a name that a tenant gave. Raises gaierror, UnicodeError."""
        question = tenant, name, port
        while (answer := self._running.get(question)) is None:
            await self._places.take(tenant)
            if question in self._running:  # another request has begun meanwhile
                self._places.give_back(tenant)
                continue
            answer = self._running[question] = asyncio.get_running_loop().create_future()
            answer.add_done_callback(lambda done: self._ended(question, done))
            # A daemon: a process that stops does not wait for it.
            threading.Thread(target=self._run, args=(question, answer), name="names", daemon=True).start()
        return list(await asyncio.shield(answer))

    def _ended(self, question: _Question, done: _Answer) -> None:
        del self._running[question]
        self._places.give_back(question[0])
        if not done.cancelled():
            done.exception()  # it may be that nobody waits any more

    def _run(self, question: _Question, answer: _Answer) -> None:
        addresses: Sequence[str] = ()
        failure: OSError | UnicodeError | None = None
        try:
            addresses = self._look_up(*question[1:])
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            answer.get_loop().call_soon_threadsafe(_settle, answer, addresses, failure)


def _settle(answer: _Answer, addresses: Sequence[str], failure: OSError | UnicodeError | None) -> None:
    """Settle the future of a DNS look-up (getaddrinfo in a thread) with the host's addresses, or with its failure."""
    if failure is not None:
        answer.set_exception(failure)
    else:
        answer.set_result(addresses)
