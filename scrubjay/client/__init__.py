"""An async client for Turnstone's HTTP API: `async with TurnstoneClient(url) as client`."""

from memory.client.calls import TurnstoneClient
from memory.client.guidance import Guidance
from memory.client.letters import Letters
from memory.client.owners import CutOff, Owner
from memory.client.wire import ApiError, ServerUnreachable

__all__ = ["ApiError", "CutOff", "Guidance", "Letters", "Owner", "ServerUnreachable", "TurnstoneClient"]
