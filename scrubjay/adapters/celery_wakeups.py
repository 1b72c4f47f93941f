"""The wake-up message that Celery's Redis transport reads as a call of `scrubjay.drain`: a lane is ready, look which.

It names no lane: whose turn it is stands in Redis. It is put down by the accept script itself, and by others that make
a lane ready, as long as few of them wait. Another one is a call of `scrubjay.deliver`, for one webhook. The shape is
Celery's task message protocol 2 in kombu's virtual-transport envelope; a contract test holds it against what the
installed Celery publishes.
"""

from __future__ import annotations

import base64
import uuid

import orjson

from scrubjay.model.names import DELIVER_TASK, DRAIN_TASK, QUEUE

_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


class CeleryWakeups:
    """Makes wake-up messages for one queue.

    Args:
        queue: the Celery queue, which is also the name of the Redis list.
    """

    def __init__(self, queue: str = QUEUE) -> None:
        self._queue = queue

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""
        return self._queue

    def message(self) -> bytes:
        """A wake-up message as the workers' broker reads it; no two are the same."""
        return self._message(DRAIN_TASK, "()", _body())

    def hook_message(self, hook: str) -> bytes:
        """The one for a webhook, by what stands for it: its tenant and its id."""
        return self._message(DELIVER_TASK, "(<webhook>,)", _body(hook))

    def _message(self, task: str, shown: str, body: str) -> bytes:
        task_id = str(uuid.uuid4())
        return orjson.dumps(
            {
                "body": body,
                "content-encoding": "utf-8",
                "content-type": "application/json",
                "headers": {
                    "lang": "py",
                    "task": task,
                    "id": task_id,
                    "root_id": task_id,
                    "parent_id": None,
                    "group": None,
                    "shadow": None,
                    "eta": None,
                    "expires": None,
                    "retries": 0,
                    "timelimit": [None, None],
                    "argsrepr": shown,
                    "kwargsrepr": "{}",
                    "origin": "scrubjay",
                    "ignore_result": True,
                },
                "properties": {
                    "correlation_id": task_id,
                    "reply_to": "",
                    "delivery_mode": 2,
                    "delivery_info": {"exchange": "", "routing_key": self._queue},
                    "priority": 0,
                    "body_encoding": "base64",
                    "delivery_tag": task_id,
                },
            }
        )


def _body(*arguments: str) -> str:
    return base64.b64encode(orjson.dumps([arguments, {}, _EMBED])).decode()
