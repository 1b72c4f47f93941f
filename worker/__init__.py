"""The Celery side: the app, its tasks, one event loop a process."""
