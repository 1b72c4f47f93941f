"""People who change memories by hand while turns are worked on: what was confirmed last must stand in the end."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass
from functools import partial

import httpx

from scrubjay.client import ScrubjayClient
from scrubjay.errors import ScrubjayError
from tests.chaos.fault_run.crowd import ACCEPTED, Poster
from tests.chaos.fault_run.record import Editor, Record
from tests.chaos.fault_run.redis_strikes import RedisStrikes
from tests.support import wait_until

_EDITS = 4
_OK = 200


@dataclass
class Editing:
    """Edits of one owner's memory, with turns of the same owner in between.

    Args:
        poster: posts the turns, and makes the edits.
        client: reads.
        record: where the editors are kept.
        redis: told what is under way.
    """

    poster: Poster
    client: ScrubjayClient
    record: Record
    redis: RedisStrikes

    async def edit(self) -> bool:
        """It counts when all edits were confirmed and turns of theirs waited at each; in a lull it is tried again."""
        editor = Editor(f"fault-run-editor-{len(self.record.editors) + 1}x{uuid.uuid4().hex[:6]}")
        self.record.editors.append(editor)
        try:
            await self._edit(editor)
        except AssertionError:  # nothing got through for minutes; what of it was made all the same nobody knows
            editor.texts.clear()
            return False
        return True

    async def _edit(self, editor: Editor) -> None:
        await self._say(editor, "I keep my coin in drawer 0.")
        editor.memory = await wait_until(lambda: self._memory(editor), deadline_seconds=120, what="a memory to edit")
        for number in range(1, _EDITS + 1):
            await self._say(editor, f"I own the stamp {number}.")
            text = f"The coin lies in drawer {number}."
            change = partial(self._changed, editor, text)
            await wait_until(change, deadline_seconds=90, what="an edit being made")
            editor.texts.append(text)
            await asyncio.sleep(0.2)

    async def _say(self, editor: Editor, text: str) -> None:
        key = f"{editor.user}-{len(editor.turns)}"

        async def accepted() -> str:
            answer = await self.poster.post(editor.user, text, key)
            return str(answer.json()["id"]) if answer is not None and answer.status_code == ACCEPTED else ""

        editor.turns.append(await wait_until(accepted, deadline_seconds=90, what="a turn being accepted"))

    async def _memory(self, editor: Editor) -> str:
        with contextlib.suppress(ScrubjayError):
            for memory in (await self.client.memories(user_id=editor.user)).results:
                if "coin" in memory.memory:
                    return memory.id
        return ""

    async def _changed(self, editor: Editor, text: str) -> bool:
        """Ask once; without an answer it may have been done all the same, and is asked for again."""
        self.redis.editing += 1
        try:
            answer = await self.poster.http.put(f"/memories/{editor.memory}", json={"text": text}, timeout=15)
        except httpx.TransportError:
            return False
        finally:
            self.redis.editing -= 1
        if answer.status_code not in (_OK, 409, 503):
            self.record.wrong.append(f"PUT /memories answered {answer.status_code}: {answer.text[:200]}")
        return answer.status_code == _OK
