"""A real browser before a real API; the tests do the workers' part themselves."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from scrubjay.bootstrap import opened
from scrubjay.devstack.sockets import free_port, http_get
from scrubjay.settings import Settings
from tests.browser.backend import Backend
from tests.browser.screen import Screen
from tests.conftest import running
from tests.running import without_endpoint
from tests.support import wait_until

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE_SECONDS = 20


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Headless Chromium with an empty profile, driven by chromedriver."""
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("needs Chromium and its driver; on Debian: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver, log_output=subprocess.DEVNULL))
    chrome.set_page_load_timeout(_PATIENCE_SECONDS)
    chrome.set_script_timeout(_PATIENCE_SECONDS)
    yield chrome
    chrome.quit()


@pytest.fixture(scope="session")
def settings(redis_url: str, qdrant_url: str) -> Settings:
    """What the API and the tests agree on."""
    return Settings(
        redis_url=redis_url, qdrant_url=qdrant_url, auth="off", extractor="offline", embedder="local", host="127.0.0.1"
    )


@contextmanager
def serving(settings: Settings, **more: str) -> Iterator[str]:
    """The API, in a process of its own."""
    port = free_port()
    environment = {
        "SCRUBJAY_REDIS_URL": settings.redis_url,
        "SCRUBJAY_QDRANT_URL": settings.qdrant_url,
        "SCRUBJAY_AUTH": settings.auth,
        "SCRUBJAY_EXTRACTOR": "offline",
        "SCRUBJAY_EMBEDDER": "local",
        **more,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "uvicorn", "scrubjay.api.app:create_app", "--factory", "--port", str(port)]
    with running(["env", *(f"{name}={value}" for name, value in without_endpoint(environment).items()), *command]):

        async def serves() -> bool:
            return (await http_get("127.0.0.1", port, "/health/ready"))[0] == 200

        asyncio.run(wait_until(serves, what="the API answering"))
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def api(settings: Settings) -> Iterator[str]:
    """The API without keys."""
    with serving(settings) as url:
        yield url


@pytest.fixture
def locked(settings: Settings, backend: Backend) -> Iterator[str]:
    """Another API over the same backend, that asks for keys."""
    with serving(settings, SCRUBJAY_AUTH="keys", SCRUBJAY_ADMIN_KEY="the-operators-own-key") as url:
        yield url


@pytest.fixture
async def backend(settings: Settings, redis: Redis) -> AsyncIterator[Backend]:
    """The empty backend behind the API."""
    async with opened(settings) as parts:
        yield Backend(parts, redis)


@pytest.fixture
def screen(chromium: webdriver.Chrome, api: str, backend: Backend) -> Iterator[Screen]:
    """A window as wide as a laptop's, with nothing in it yet."""
    screen = Screen(chromium, api)
    screen.resize(1280)
    screen.forget()
    yield screen
    chromium.get("about:blank")
