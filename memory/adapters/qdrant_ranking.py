"""How two lists of candidates become one: the rule of `memory.rank`, for Qdrant to compute."""

from __future__ import annotations

from qdrant_client import models

from memory import rank

# `rank.score` as Qdrant computes it: $score[0] is the cosine, $score[1] the BM25 score.
RANKING = models.FormulaQuery(
    formula=models.SumExpression(
        sum=[
            models.MultExpression(mult=[rank.DENSE_SHARE, "$score[0]"]),
            models.MultExpression(
                mult=[
                    1 - rank.DENSE_SHARE,
                    models.DivExpression(
                        div=models.DivParams(
                            left="$score[1]", right=models.SumExpression(sum=["$score[1]", rank.BM25_HALF])
                        )
                    ),
                ]
            ),
        ]
    ),
    defaults={"$score[0]": 0.0, "$score[1]": 0.0},
)
