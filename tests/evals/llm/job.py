"""What one run is about: the slice, how it is done, what earlier runs have left and spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scrubjay.settings import Settings
from tests.evals.llm.estimate import Estimate, estimated
from tests.evals.llm.halt import Halt
from tests.evals.llm.material import Conversation
from tests.evals.llm.meter import Meter
from tests.evals.llm.model import OPENAI_URL
from tests.evals.llm.options import Options
from tests.evals.llm.prices import Prices
from tests.evals.llm.state import State, opened


@dataclass(frozen=True)
class Job:
    """One run.

    Args:
        options: the command line.
        settings: those of Scrubjay: the endpoint, its key, how turns are batched.
        conversations: the slice.
        state: the journals.
        prices: what calls cost.
        meter: what was spent, earlier runs included.
        estimate: what is still to be done.
        halt: whether to stop.
    """

    options: Options
    settings: Settings
    conversations: Sequence[Conversation]
    state: State
    prices: Prices
    meter: Meter
    estimate: Estimate
    halt: Halt = field(default_factory=Halt)

    @property
    def api_key(self) -> str | None:
        """The endpoint's key; None where it wants none."""
        key = self.settings.openai_api_key
        return key.get_secret_value() if key else None

    @property
    def base_url(self) -> str:
        """Where the endpoint is."""
        return self.settings.openai_base_url or OPENAI_URL


def prepared(options: Options, settings: Settings, conversations: Sequence[Conversation]) -> Job:
    """The job, with what earlier runs have left read from their journals."""
    prices = Prices(settings.openai_base_url, options.price_in, options.price_out)
    meter, state = Meter(prices, options.budget_usd), opened(options, settings)
    meter.replay([*state.relayed.rows, *state.spent.rows])
    estimate = estimated(conversations, state, options, settings)
    return Job(options, settings, conversations, state, prices, meter, estimate)
