"""The Celery worker: the app, its tasks, and one event loop a process.

The folder stands at the top of the repository and is linked into the package, whose part it is: under its own name
every module of it would be loaded a second time.
"""

if __name__ != "scrubjay.worker":
    raise ImportError(f"the worker is `scrubjay.worker`: `import scrubjay.worker`, not `import {__name__}`")
