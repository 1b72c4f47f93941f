"""An async client for Scrubjay's HTTP API: `async with ScrubjayClient(url) as client`."""

from scrubjay.client.calls import ScrubjayClient
from scrubjay.client.dead_letters import DeadLetterFilter
from scrubjay.client.owners import CutOff, Owner
from scrubjay.client.views import Guidance
from scrubjay.client.wire import ApiError, ServerUnreachable

__all__ = ["ApiError", "CutOff", "DeadLetterFilter", "Guidance", "Owner", "ScrubjayClient", "ServerUnreachable"]
