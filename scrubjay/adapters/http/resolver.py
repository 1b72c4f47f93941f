"""Looking names up that strangers give, in threads of their own.

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
_Found = asyncio.Future[Sequence[str]]
_Asked = tuple[str, str, int]  # tenant, name, port

_MOST_AT_ONCE, _MOST_OF_A_TENANT = 128, 8  # names; more than these wait, each as long as its attempt may take


def system(name: str, port: int) -> list[str]:
    """The addresses of a name, as the system finds them. Raises gaierror."""
    infos = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class Names:
    """Looks names up; who of a tenant asks for a name that is being looked up for it waits for the same answer.

    A tenant whose names' servers never answer waits for its own look-ups, and no other tenant does.

    Args:
        look_up: finds the addresses of a name, and may take its time.
    """

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._asked: dict[_Asked, _Found] = {}
        self._places = Places(_MOST_AT_ONCE, _MOST_OF_A_TENANT)

    async def addresses(self, tenant: str, name: str, port: int) -> list[str]:
        """The addresses of a name that a tenant gave. Raises gaierror, UnicodeError."""
        request = tenant, name, port
        while (lookup := self._asked.get(request)) is None:
            await self._places.take(tenant)
            if request in self._asked:  # somebody else has begun meanwhile
                self._places.give_back(tenant)
                continue
            lookup = self._asked[request] = asyncio.get_running_loop().create_future()
            lookup.add_done_callback(lambda done: self._ended(request, done))
            # A daemon: a process that stops does not wait for it.
            threading.Thread(target=self._run, args=(request, lookup), name="names", daemon=True).start()
        return list(await asyncio.shield(lookup))

    def _ended(self, request: _Asked, done: _Found) -> None:
        del self._asked[request]
        self._places.give_back(request[0])
        if not done.cancelled():
            done.exception()  # nobody may wait any more

    def _run(self, request: _Asked, lookup: _Found) -> None:
        addresses: Sequence[str] = ()
        failure: OSError | UnicodeError | None = None
        try:
            addresses = self._look_up(*request[1:])
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            lookup.get_loop().call_soon_threadsafe(_answer, lookup, addresses, failure)


def _answer(lookup: _Found, addresses: Sequence[str], failure: OSError | UnicodeError | None) -> None:
    """Settle the future of a DNS look-up (getaddrinfo in a thread) with the host's addresses, or with its failure."""
    if failure is not None:
        lookup.set_exception(failure)
    else:
        lookup.set_result(addresses)
