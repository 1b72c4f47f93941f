"""How two lists of candidates become one: the rule of `scrubjay.model.scoring`, for Qdrant to compute."""

from __future__ import annotations

from qdrant_client import models

from scrubjay.adapters.qdrant import selectors
from scrubjay.adapters.qdrant.server_versions import Version
from scrubjay.adapters.qdrant.writes import document
from scrubjay.model import scoring
from scrubjay.ports import Query

# In [0, 1]. $score[0] is the cosine, $score[1] the BM25 score; 0 where a memory is no candidate of that side.
RANKING = models.FormulaQuery(
    formula=models.SumExpression(
        sum=[
            models.MultExpression(mult=[scoring.DENSE_SHARE, "$score[0]"]),
            models.MultExpression(
                mult=[
                    1 - scoring.DENSE_SHARE,
                    models.DivExpression(
                        div=models.DivParams(
                            left="$score[1]", right=models.SumExpression(sum=["$score[1]", scoring.BM25_HALF])
                        )
                    ),
                ]
            ),
        ]
    ),
    defaults={"$score[0]": 0.0, "$score[1]": 0.0},
)


def candidates(query: Query, within: models.Filter, version: Version) -> list[models.Prefetch]:
    """The two lists: the nearest in meaning and the best matches of terms.

    The frequency of a term is counted over all memories of the owner, not over the searched ones: so neither others'
    memories nor a filter changes a score. A server that cannot do so counts over all owners.
    """
    corpus = models.IdfCorpusParams(corpus=selectors.within(query.scope))
    params = models.SearchParams(idf=corpus) if version.counts_terms_by_owner else None
    text = document(query.text)
    return [
        models.Prefetch(query=list(query.vector), using="dense", filter=within, limit=scoring.CANDIDATES),
        models.Prefetch(query=text, using="bm25", filter=within, limit=scoring.CANDIDATES, params=params),
    ]
