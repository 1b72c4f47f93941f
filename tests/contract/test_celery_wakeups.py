"""Our bell is what the installed Celery would have published, and a Celery worker's consumer reads it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from celery import Celery
from redis.asyncio import Redis

import celeryconfig
from scrubjay.adapters.celery_wakeups import CeleryWakeups
from scrubjay.model.names import DELIVER_TASK, DRAIN_TASK, QUEUE

# What differs from message to message, or is nobody's business.
OWN = {"id", "root_id", "origin", "argsrepr", "correlation_id", "reply_to", "delivery_tag", "delivery_info"}
# What Celery adds and reads with a default.
OPTIONAL = {"stamped_headers", "stamps", "group_index", "replaced_task_nesting", "timelimit"}


def app(url: str) -> Celery:
    made = Celery("test", broker=url)
    made.conf.update(task_default_queue=QUEUE, task_ignore_result=True, broker_connection_retry_on_startup=False)
    return made


async def celerys_own(redis: Redis, url: str, task: str, arguments: tuple[str, ...]) -> dict[str, Any]:
    with app(url) as celery:
        celery.send_task(task, args=arguments, ignore_result=True)
    (raw,) = await redis.lrange(QUEUE, 0, -1)
    message: dict[str, Any] = orjson.loads(raw)
    return message


def plain(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in OWN | OPTIONAL}


MESSAGES = [
    (DRAIN_TASK, (), CeleryWakeups().message()),
    (DELIVER_TASK, ("acme:1",), CeleryWakeups().hook_message("acme:1")),
]


@pytest.mark.parametrize(("task", "arguments", "message"), MESSAGES, ids=["drain", "deliver"])
async def test_the_bell_is_the_message_that_celery_would_publish(
    redis: Redis, redis_url: str, task: str, arguments: tuple[str, ...], message: bytes
) -> None:
    theirs, ours = await celerys_own(redis, redis_url, task, arguments), orjson.loads(message)
    assert set(ours) == set(theirs)
    assert plain(ours["headers"]) == plain(theirs["headers"])
    assert plain(ours["properties"]) == plain(theirs["properties"])
    assert orjson.loads(base64.b64decode(ours["body"])) == orjson.loads(base64.b64decode(theirs["body"]))


async def test_celery_reads_the_bell_from_its_queue(redis: Redis, redis_url: str) -> None:
    await redis.lpush(QUEUE, CeleryWakeups().message())
    with app(redis_url) as celery, celery.connection_for_read() as connection:
        message = connection.SimpleQueue(QUEUE).get(timeout=5)
        message.ack()
    args, kwargs, _ = message.payload
    assert (args, kwargs, message.headers["task"]) == ([], {}, DRAIN_TASK)


async def test_a_bell_leaves_nothing_behind_in_redis_and_is_put_back_when_its_worker_stops_before_it_begins(
    redis: Redis, redis_url: str
) -> None:
    message = CeleryWakeups().message()
    await redis.lpush(QUEUE, message)
    with app(redis_url) as celery:
        celery.conf.update(
            broker_transport=celeryconfig.broker_transport,
            broker_transport_options=celeryconfig.broker_transport_options,
        )
        with celery.connection_for_read() as connection:
            queue = connection.SimpleQueue(QUEUE)
            assert queue.get(timeout=5).payload[0] == []
            assert await redis.keys("[^_]*") == []  # but for the bindings of its queues
    (again,) = await redis.lrange(QUEUE, 0, -1)
    assert orjson.loads(again)["body"] == orjson.loads(message)["body"]
