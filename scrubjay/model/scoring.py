"""Ranking: how near in meaning and how alike in words become one score.

The score is absolute: it depends on the question, on the memory, and on how rare a word is among the memories of the
same owner. It does not depend on what else was found or on what other owners keep, and a question about nothing that is
known scores low. Measured on LoCoMo (docs/decisions/search.md).
"""

from __future__ import annotations

DENSE_SHARE = 0.4
BM25_HALF = 8.0  # the BM25 score that is worth half of the lexical share
CANDIDATES = 200  # taken from each side before they are scored together
