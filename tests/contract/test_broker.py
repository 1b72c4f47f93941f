"""How the workers look for a broker that is away."""

from __future__ import annotations

import pytest
from celery import Celery

from scrubjay.devstack.sockets import free_port
from scrubjay.worker.app import app


class Enough(Exception):
    """Raised to end a look that would go on for ever."""


def test_a_broker_that_is_away_is_looked_for_every_second_however_long_it_takes() -> None:
    pauses: list[float] = []

    def note(_: Exception, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise Enough

    celery = Celery(amqp=app.amqp_cls, broker=f"redis://127.0.0.1:{free_port()}/0")
    with celery, celery.connection_for_read() as connection, pytest.raises(Enough):
        connection.ensure_connection(note)
    assert pauses == [1, 1]
