"""The services of each use case, put together once from the adapters that were opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scrubjay.access.api_keys import ApiKeyServices
from scrubjay.access.authentication import Admission
from scrubjay.bootstrap.endpoints import secret
from scrubjay.edit.edits import EditServices
from scrubjay.edit.exporting import ExportServices
from scrubjay.edit.importing import ImportServices
from scrubjay.erase.forget import ForgetServices
from scrubjay.erase.forget_many import ForgetManyServices
from scrubjay.erase.receipts import ReceiptServices
from scrubjay.erase.removals import RemovalServices
from scrubjay.health import Examiner
from scrubjay.ingest.drain import DrainServices
from scrubjay.ingest.kept_extractions import KeptExtractions
from scrubjay.ingest.pipeline import DecisionServices
from scrubjay.ingest.replay_preview import PreviewServices
from scrubjay.ingest.sweep import SweepServices
from scrubjay.ports import (
    Clock,
    DeadLetters,
    Deliveries,
    DigestStore,
    Embedder,
    Extractor,
    GuidanceStore,
    Keyring,
    Lanes,
    LanguageModel,
    Mask,
    MemoryStore,
    OwnerLog,
    Pulse,
    Rates,
    ReceiptSigner,
    ReceiptStore,
    Reconciler,
    RemovalNotes,
    ServerKey,
    Sweeper,
    Tokens,
    TurnErasure,
    TurnIntake,
    TurnLog,
    Watch,
    WebhookRegistry,
    WebhookSender,
    unmasked,
)
from scrubjay.safety.detectors import SecretMask
from scrubjay.safety.injection import Quarantine
from scrubjay.search.chat import ChatServices
from scrubjay.search.recall import RecallServices
from scrubjay.search.summaries import DigestServices
from scrubjay.settings import Settings
from scrubjay.webhooks.delivery import DeliveryServices
from scrubjay.webhooks.registry import WebhookServices


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The adapters that were opened, by port."""

    clock: Clock
    intake: TurnIntake
    sweeper: Sweeper
    dead_letters: DeadLetters
    turn_erasure: TurnErasure
    removal_notes: RemovalNotes
    lanes: Lanes
    turns: TurnLog
    owners: OwnerLog
    watch: Watch
    pulse: Pulse
    health: Examiner
    store: MemoryStore
    embedder: Embedder
    extractor: Extractor
    reconciler: Reconciler
    model: LanguageModel | None
    guidance: GuidanceStore
    server_key: ServerKey
    signer: ReceiptSigner
    receipts: ReceiptStore
    keyring: Keyring
    tokens: Tokens | None
    rates: Rates
    webhooks: WebhookRegistry
    deliveries: Deliveries
    sender: WebhookSender
    digests: DigestStore


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that the API, a worker and the library work with: the services of each use case.

    Beside them are the ports that routes, metrics and start-up use without a use case.
    """

    drain: DrainServices
    sweep: SweepServices
    preview: PreviewServices
    edits: EditServices
    imports: ImportServices
    exports: ExportServices
    forget_many: ForgetManyServices
    receipts: ReceiptServices
    recall: RecallServices
    chat: ChatServices
    digests: DigestServices
    webhooks: WebhookServices
    delivery: DeliveryServices
    api_keys: ApiKeyServices
    admission: Admission

    clock: Clock
    intake: TurnIntake
    sweeper: Sweeper
    dead_letters: DeadLetters
    lanes: Lanes
    turns: TurnLog
    watch: Watch
    pulse: Pulse
    health: Examiner
    store: MemoryStore
    embedder: Embedder
    extractor: Extractor
    guidance: GuidanceStore
    rates: Rates
    mask: Mask


def put_together(ports: Ports, settings: Settings) -> Parts:
    """Build the services of every use case.

    Args:
        ports: what was opened.
        settings: limits, masking and quarantine are read.
    """
    mask = SecretMask() if settings.mask == "on" else unmasked
    recall = RecallServices(store=ports.store, embedder=ports.embedder, turns=ports.turns)
    forget = ForgetServices(turn_erasure=ports.turn_erasure, lanes=ports.lanes, turns=ports.turns, store=ports.store)
    receipts = ReceiptServices(signer=ports.signer, store=ports.receipts, forget=forget)
    webhooks = WebhookServices(registry=ports.webhooks, deliveries=ports.deliveries, server_key=ports.server_key)
    api_keys = ApiKeyServices(keyring=ports.keyring, server_key=ports.server_key)
    decision = _decision(ports, settings)
    return Parts(
        drain=_drain(ports, decision, settings),
        sweep=_sweep(ports),
        preview=PreviewServices(turns=ports.turns, decision=decision),
        edits=_edits(ports, settings),
        imports=_imports(ports, settings),
        exports=ExportServices(store=ports.store, owners=ports.owners),
        forget_many=ForgetManyServices(receipts=receipts, digests=ports.digests),
        receipts=receipts,
        recall=recall,
        chat=ChatServices(mask=mask, model=ports.model, intake=ports.intake, recall=recall),
        digests=DigestServices(model=ports.model, store=ports.store, orders=ports.digests),
        webhooks=webhooks,
        delivery=_delivery(ports, webhooks, settings),
        api_keys=api_keys,
        admission=Admission(api_keys, tokens=ports.tokens, admin_key=secret(settings.admin_key)),
        clock=ports.clock,
        intake=ports.intake,
        sweeper=ports.sweeper,
        dead_letters=ports.dead_letters,
        lanes=ports.lanes,
        turns=ports.turns,
        watch=ports.watch,
        pulse=ports.pulse,
        health=ports.health,
        store=ports.store,
        embedder=ports.embedder,
        extractor=ports.extractor,
        guidance=ports.guidance,
        rates=ports.rates,
        mask=mask,
    )


def _decision(ports: Ports, settings: Settings) -> DecisionServices:
    return DecisionServices(
        store=ports.store,
        extractor=ports.extractor,
        reconciler=ports.reconciler,
        embedder=ports.embedder,
        quarantine=Quarantine(settings.quarantine),
    )


def _drain(ports: Ports, decision: DecisionServices, settings: Settings) -> DrainServices:
    return DrainServices(
        lanes=ports.lanes,
        decision=replace(decision, extractor=KeptExtractions(ports.extractor)),
        batch_turns=settings.batch_turns,
        batch_chars=settings.batch_chars,
        # Without a model a call costs nothing, and there is nothing to wait for.
        batch_wait_seconds=settings.batch_wait_seconds if settings.extractor_kind == "openai" else 0,
    )


def _sweep(ports: Ports) -> SweepServices:
    removals = RemovalServices(removal_notes=ports.removal_notes, lanes=ports.lanes, store=ports.store)
    return SweepServices(sweeper=ports.sweeper, clock=ports.clock, removals=removals)


def _edits(ports: Ports, settings: Settings) -> EditServices:
    return EditServices(
        removal_notes=ports.removal_notes,
        lanes=ports.lanes,
        store=ports.store,
        embedder=ports.embedder,
        quarantine=Quarantine(settings.quarantine),
    )


def _imports(ports: Ports, settings: Settings) -> ImportServices:
    return ImportServices(
        lanes=ports.lanes,
        store=ports.store,
        embedder=ports.embedder,
        clock=ports.clock,
        quarantine=Quarantine(settings.quarantine),
    )


def _delivery(ports: Ports, webhooks: WebhookServices, settings: Settings) -> DeliveryServices:
    return DeliveryServices(
        webhooks=webhooks,
        sender=ports.sender,
        turns=ports.turns,
        store=ports.store,
        attempts=settings.webhook_attempts,
        retry_max_seconds=settings.webhook_retry_max_seconds,
    )
