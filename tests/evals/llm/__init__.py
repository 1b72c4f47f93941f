"""Question answering over LoCoMo, LongMemEval and BEAM with a real language model, for whoever has a key.

`python -m tests.evals.llm --help`; how to run it stands in `tests/evals/README.md`.
"""
