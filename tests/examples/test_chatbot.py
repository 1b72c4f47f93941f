"""The example of a chatbot, as its first lines say."""

from __future__ import annotations

from collections.abc import Callable

from scrubjay.client import ScrubjayClient
from tests.model_server.control import ModelServer
from tests.support import wait_until


async def test_a_chatbot_knows_in_its_next_conversation_what_it_was_told(
    script: Callable[..., str], client: ScrubjayClient, model: ModelServer
) -> None:
    model.reset()
    script("chatbot.py", "carla", "I am building a SaaS product in Laravel.")

    async def remembered() -> int:
        return (await client.memories(user_id="carla")).count

    await wait_until(remembered, what="the first conversation being remembered")
    assert script("chatbot.py", "carla", "Which product am I building?") == "You said: Which product am I building?\n"
    first, second = (sent["messages"][0]["content"] for sent in model.requests())
    assert "What you remember" not in first
    assert "- I am building a SaaS product in Laravel" in second
