"""A chatbot that remembers: recall, answer, hand the exchange in.

    make up                                # in another terminal
    OPENAI_API_KEY=... .venv/bin/python examples/chatbot.py ana "I am building a SaaS product in Laravel."
    OPENAI_API_KEY=... .venv/bin/python examples/chatbot.py ana "Can you help me with my project?"

The answering model is yours; Scrubjay extracts in the background, with its own. To let the server do all of this in
one call, with the reply in pieces if you like: `client.chats.reply` and `client.chats.stream`.
"""

from __future__ import annotations

import asyncio
import os
import sys

from openai import AsyncOpenAI

from scrubjay.client import ScrubjayClient

SYSTEM = """You are a helpful AI assistant.
{context}

Use the above memories to personalise your response.
Do not ask for information you already know."""


async def chat_with_memory(memory: ScrubjayClient, model: AsyncOpenAI, message: str, user_id: str) -> str:
    """The reply to a message of a user; the exchange is remembered soon after."""
    answer = await memory.search(message, user_id=user_id, limit=5)
    facts = "\n".join(f"- {result.memory}" for result in answer.results)
    context = f"What you remember about this user:\n{facts}" if facts else ""

    completion = await model.chat.completions.create(
        model=os.environ.get("OPENAI_MODEL", "gpt-4o-mini"),
        messages=[
            {"role": "system", "content": SYSTEM.format(context=context)},
            {"role": "user", "content": message},
        ],
    )
    reply = completion.choices[0].message.content or ""

    turn = [{"role": "user", "content": message}, {"role": "assistant", "content": reply}]
    await memory.add_turn(turn, user_id=user_id)  # accepted in milliseconds
    return reply


async def main() -> None:
    """One message of one user."""
    user_id, message = sys.argv[1:]
    url, key = os.environ.get("SCRUBJAY_URL", "http://127.0.0.1:8000"), os.environ.get("SCRUBJAY_KEY")
    async with ScrubjayClient(url, key) as memory, AsyncOpenAI() as model:
        print(await chat_with_memory(memory, model, message, user_id))


if __name__ == "__main__":
    asyncio.run(main())
