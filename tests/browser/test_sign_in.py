"""Signing in to the dashboard where keys are asked for, as a person does."""

from __future__ import annotations

from scrubjay.access.api_keys import NewKey, issue, revoke
from scrubjay.model import Access, Principal, Status
from tests.browser.backend import TENANT, Backend
from tests.browser.screen import Screen
from tests.browser.test_dashboard import NOT_JSON
from tests.support import wait_until

ADMIN = Principal(tenant=TENANT, access=Access.ADMIN)


async def enter(screen: Screen, key: str) -> None:
    """Type a key into the form and send it."""
    await screen.fill("#key", key)
    await screen.press("form button")


async def test_a_person_signs_in_with_a_key_replays_a_letter_is_locked_out_with_the_key_and_signs_out(
    screen: Screen, backend: Backend, locked: str
) -> None:
    screen.base = locked
    new_key = NewKey(tenant=TENANT, access=Access.ADMIN)
    made, other = [await issue(new_key, backend.parts.api_keys) for _ in range(2)]
    turns = [await backend.let_die(user, "I live in Porto.", NOT_JSON) for user in ("ana", "bob")]

    screen.open("/dashboard/dead", user_id="ana")
    await enter(screen, "not-a-key")
    await screen.see(".alarm", "key is not known.")
    await enter(screen, made.text)
    await screen.see(".group h2", NOT_JSON)
    assert screen.run("return location.pathname + location.search") == "/dashboard/dead?user_id=ana"
    assert screen.run("return document.cookie") == ""
    await screen.press(f"[data-deed=replay][data-id='{turns[0]}']")
    await screen.see("#flash", "1 turn sent back to be remembered.")
    assert await backend.status(turns[0]) is Status.QUEUED

    screen.open("/dashboard")
    await screen.see("#turns tbody", "dead")
    await revoke(ADMIN, made.key.id, backend.parts.api_keys)
    await screen.see(".alarm", "is no longer good")
    assert screen.find("#turns") is None

    await enter(screen, other.text)
    await screen.see("#turns tbody", "dead")
    await screen.press(".sign-out button")
    await wait_until(lambda: screen.find("#key"), what="the form")
    screen.open("/dashboard/dead")
    assert screen.find("#key") is not None
    assert await backend.status(turns[1]) is Status.DEAD


async def test_the_form_of_signing_in_fits_a_phone_and_loads_nothing_from_elsewhere(
    screen: Screen, locked: str
) -> None:
    screen.base = locked
    screen.resize(390)
    screen.open("/dashboard/sign-in")
    assert not screen.is_wider_than_the_window
    assert [url for url in screen.requests() if not url.startswith(f"{locked}/")] == []
    assert [complaint for complaint in screen.complaints() if "Content Security Policy" in complaint] == []
