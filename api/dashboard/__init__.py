"""The dashboard: pages for the people who watch turns, retries and dead letters."""

from __future__ import annotations

from fastapi import FastAPI

from scrubjay.api.dashboard import routes, sign_in
from scrubjay.api.dashboard.pages import Assets


def install(app: FastAPI) -> None:
    """Give an app the pages at `/dashboard`, with their stylesheet and script."""
    app.include_router(routes.router)
    app.include_router(sign_in.router)
    app.mount("/dashboard/static", Assets(), name="dashboard-static")
