"""The run itself: several conversations at once, each remembered, then asked about, then judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial

from scrubjay.adapters.openai.endpoint import OpenAIEndpoint, RemoteModel
from scrubjay.client import ScrubjayClient
from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.parts import Setup
from scrubjay.devstack.stack import Stack
from scrubjay.errors import ScrubjayError
from scrubjay.model import Usage
from tests.evals.llm.halt import BUDGET
from tests.evals.llm.ingest import remember
from tests.evals.llm.job import Job
from tests.evals.llm.material import Conversation, Question
from tests.evals.llm.meter import spent
from tests.evals.llm.model import Endpoint, Failed, Model, Refused
from tests.evals.llm.progress import Bars
from tests.evals.llm.relay import relaying
from tests.evals.llm.verdict import answered, judged

# What was accepted and settled must still be known when a run goes on months later.
_RETENTION_SECONDS = 10 * 365 * 24 * 3600
_START_SECONDS = 120.0
_PING_SECONDS = 10.0


@asynccontextmanager
async def stack(job: Job) -> AsyncIterator[str]:
    """The address of the Scrubjay that is evaluated: the one given, else one of our own on the kept data.

    Raises ModelUnavailable when the endpoint does not answer: without it the stack would never become ready. Raises
    StackRefused and PartFailed when the stack cannot start.
    """
    options, state = job.options, job.state
    if options.url is not None:
        yield options.url
        return
    await _ping(job)
    async with relaying(job.base_url, state.relayed, job.meter, job.halt) as relay:
        environment = {
            "OPENAI_BASE_URL": relay,
            "OPENAI_API_KEY": job.api_key or "none",
            "NO_PROXY": "127.0.0.1",
            "SCRUBJAY_EXTRACTOR": "openai",
            "SCRUBJAY_LLM_MODEL": options.model,
            "SCRUBJAY_EMBEDDER": options.embedder,
            "SCRUBJAY_RETENTION_SECONDS": str(_RETENTION_SECONDS),
        }
        async with AsyncExitStack() as opened:
            setup = Setup(state.stack, workers=options.workers, environment=environment)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    started = await opened.enter_async_context(Stack(setup))
            except TimeoutError as error:
                raise StackRefused(f"The stack was not ready within {_START_SECONDS:g} s.") from error
            yield started.url


async def _ping(job: Job) -> None:
    async def unbilled(_: object) -> None:
        """A ping costs nothing."""

    remote = RemoteModel(
        api_key=job.api_key, base_url=job.base_url, model=job.options.model, timeout_seconds=_PING_SECONDS
    )
    endpoint = OpenAIEndpoint(remote, unbilled)
    try:
        await endpoint.ping(f"The endpoint of {job.options.model}")
    finally:
        await endpoint.aclose()


@asynccontextmanager
async def models(job: Job) -> AsyncIterator[tuple[Model, Model]]:
    """The model that answers and the one that judges; each call's cost goes to the journal and the meter."""
    endpoint = Endpoint(job.api_key, job.base_url, job.options.retries)

    def note(step: str, model: str, usage: Usage) -> None:
        job.state.spent.append(spent(step, model, usage))
        job.meter.add(step, model, usage)

    async with (
        Model(endpoint, job.options.answer_model, partial(note, "answer")) as answerer,
        Model(endpoint, job.options.judge_model, partial(note, "judge")) as judge,
    ):
        yield answerer, judge


@dataclass
class Run:
    """One run.

    Args:
        job: what is to be done.
        client: of the evaluated Scrubjay.
        answerer: the model that answers.
        judge: the model that judges.
        bars: shown to whoever watches.
        failures: why questions are without a verdict, by their ids.
    """

    job: Job
    client: ScrubjayClient
    answerer: Model
    judge: Model
    bars: Bars
    failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._settled = {row["id"] for row in self.job.state.settled.rows}
        self._answers: dict[str, str] = {row["id"]: row["answer"] for row in self.job.state.answers.rows}
        self._verdicts = {(row["id"], row["number"]) for row in self.job.state.verdicts.rows}
        self._places = asyncio.Semaphore(self.job.options.at_once)
        self._questions = asyncio.Semaphore(self.job.options.at_once)

    async def over_all(self) -> None:
        """Do what is still to be done for each conversation."""
        async with asyncio.TaskGroup() as group:
            for conversation in self.job.conversations:
                group.create_task(self._conversation(conversation))

    async def _conversation(self, conversation: Conversation) -> None:
        async with self._places:
            try:
                ready = await self._remembered(conversation)
            except (Failed, ScrubjayError) as error:
                reason = f"The conversation {conversation.id} is not remembered: {error}"
                self.failures.update(dict.fromkeys((question.id for question in conversation.questions), reason))
                return
            if ready:
                user_id = self.job.state.user_id(conversation.id)
                async with asyncio.TaskGroup() as group:
                    for question in conversation.questions:
                        group.create_task(self._question(question, user_id))

    async def _remembered(self, conversation: Conversation) -> bool:
        if conversation.id in self._settled:
            return True
        settled = await remember(
            conversation,
            self.job.state.user_id(conversation.id),
            self.client,
            self.job.halt,
            self.bars.settled,
            self.job.options.stuck_minutes * 60,
        )
        if settled is not None:
            self.job.state.settled.append(asdict(settled))
        return settled is not None

    async def _question(self, question: Question, user_id: str) -> None:
        """Answer and judge it, before the next one is begun: a run that stops leaves few answers without a verdict."""
        try:
            async with self._questions:
                if await self._answered(question, user_id):
                    for number in range(question.verdicts):
                        await self._judged(question, number)
        except (Failed, ScrubjayError) as error:
            self.failures[question.id] = str(error)
        except Refused as error:
            self.failures[question.id] = str(error)
            self.job.halt.ask(f"the provider refuses: {error}")

    async def _answered(self, question: Question, user_id: str) -> bool:
        """Whether there is an answer, asked for now or earlier."""
        if question.id not in self._answers:
            if not self._may_go_on():
                return False
            row = await answered(question, user_id, self.client, self.answerer, self.job.options.top_k)
            self.job.state.answers.append(row)
            self._answers[question.id] = row["answer"]
            self.bars.answered(1)
        return True

    async def _judged(self, question: Question, number: int) -> None:
        if (question.id, number) in self._verdicts or not self._may_go_on():
            return
        row = await judged(question, number, self._answers[question.id], self.judge)
        self.job.state.verdicts.append(row)
        self._verdicts.add((question.id, number))
        self.bars.judged(1)

    def _may_go_on(self) -> bool:
        if self.job.meter.is_exhausted:
            self.job.halt.ask(BUDGET)
        return not self.job.halt.reason
