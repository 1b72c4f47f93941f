"""What a person sees and does: a window, its address, its buttons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support import wait_until

_HEIGHT = 900


class Screen:
    """One window.

    Args:
        chrome: the browser.
        base: the API's address, without a slash at its end.
    """

    def __init__(self, chrome: Chrome, base: str) -> None:
        self.chrome = chrome
        self.base = base

    def resize(self, width: int) -> None:
        """Make the window so many pixels wide; a narrow one is a phone's."""
        size = {"width": width, "height": _HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def forget(self) -> None:
        """Leave out of `requests` and `complaints` what was until now."""
        self.requests()
        self.complaints()

    def open(self, path: str, **query: str) -> None:
        """Go to a page."""
        self.chrome.get(f"{self.base}{path}" + (f"?{urlencode(query)}" if query else ""))

    def find(self, css: str) -> WebElement | None:
        """The first element that a selector names, None where there is none."""
        try:
            return self.chrome.find_element(By.CSS_SELECTOR, css)
        except NoSuchElementException:
            return None

    def text(self, css: str) -> str:
        """The visible text of an element, on one line; empty where it is not, or is being replaced."""
        element = self.find(css)
        try:
            return " ".join(element.text.split()) if element else ""
        except StaleElementReferenceException:
            return ""

    async def see(self, css: str, text: str) -> None:
        """Wait until an element holds a text. AssertionError when it does not in time."""

        def look() -> str | None:
            seen = self.text(css)
            return seen if text in seen else None

        await wait_until(look, what=f"{text!r} in {css}")

    async def press(self, css: str) -> None:
        """Click a button or a link as soon as it can be clicked."""

        def ready() -> WebElement | None:
            element = self.find(css)
            return element if element and element.is_displayed() and element.is_enabled() else None

        (await wait_until(ready, what=f"{css} to press")).click()

    async def fill(self, css: str, text: str) -> None:
        """Type a text into a field, again where a busy browser dropped keys."""

        def filled() -> bool:
            element = self.find(css)
            if element is None:
                return False
            if element.get_property("value") != text:
                element.clear()
                element.send_keys(text)
            return element.get_property("value") == text

        await wait_until(filled, what=f"{text!r} typed into {css}")

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a JavaScript expression or statement in the page."""
        return self.chrome.execute_script(script, *arguments)

    @property
    def is_wider_than_the_window(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.run("return document.documentElement.scrollWidth > window.innerWidth"))

    def requests(self) -> Sequence[str]:
        """Every address that was asked for since the last call, data and browser pages left out."""
        messages = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]  # type: ignore[no-untyped-call]
        urls = [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if urlsplit(url).scheme not in ("data", "about", "chrome")]

    def complaints(self) -> Sequence[str]:
        """What the console said since the last call."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]  # type: ignore[no-untyped-call]
