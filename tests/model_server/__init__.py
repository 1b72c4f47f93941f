"""A scripted model server that speaks the OpenAI wire, so that no test needs a real model.

It answers from a script, else by simple rules, else wrongly: faults can be switched on while it runs.
`python -m tests.model_server --help` starts it by hand; `tests.model_server.control` starts it for a test.
"""
