"""The page of dead letters: its filter, what went wrong with each, and acting on all that is shown."""

from __future__ import annotations

from selenium.webdriver.common.by import By

from scrubjay.model import Status
from tests.browser.backend import Backend
from tests.browser.screen import Screen
from tests.browser.test_dashboard import NOT_JSON
from tests.redis_keys import keys
from tests.support import wait_until

CUT_OFF = "the answer was cut off"


async def four(backend: Backend) -> list[str]:
    """Two of ana's and one of bob's that died of one error, and one of ana's that died of another."""
    alike = [await backend.let_die(user, f"I live in {town}.", NOT_JSON) for user, town in
             (("ana", "Porto"), ("ana", "Rome"), ("bob", "Oslo"))]  # fmt: skip
    return [*alike, await backend.let_die("ana", "I play the cello.", CUT_OFF)]


async def statuses(backend: Backend, ids: list[str]) -> list[Status]:
    return [await backend.status(turn_id) for turn_id in ids]


async def shown(screen: Screen, count: int) -> None:
    await wait_until(
        lambda: len(screen.chrome.find_elements(By.CSS_SELECTOR, "article")) == count, what=f"{count} letters"
    )


async def test_letters_are_filtered_by_error_and_user_and_replayed_together_when_asked_twice(
    screen: Screen, backend: Backend
) -> None:
    ids = await four(backend)
    screen.open("/dashboard/dead")
    await screen.fill("#error", "bad_answer")
    await screen.fill("#user", "ana")
    await screen.press("form.search button")
    await shown(screen, 3)
    screen.open("/dashboard/dead", error=f"bad_answer: {NOT_JSON}", user_id="ana")
    await shown(screen, 2)

    await screen.press("#replay-shown")
    await screen.see("#sure", "2 now")
    assert "Replay them?" in screen.text("#sure")
    await screen.press("#sure [value=no]")
    assert await statuses(backend, ids) == [Status.DEAD] * 4
    await screen.press("#replay-shown")
    await screen.press("#sure [value=yes]")

    await screen.see("#flash", "2 turns sent back to be remembered.")
    await screen.see("#dead", "No dead letters that the filter shows")
    assert await statuses(backend, ids) == [Status.QUEUED, Status.QUEUED, Status.DEAD, Status.DEAD]


async def test_all_letters_are_discarded_when_no_filter_is_set(screen: Screen, backend: Backend) -> None:
    ids = await four(backend)
    screen.open("/dashboard/dead")
    await screen.press("#discard-shown")
    await screen.see("#sure", "All dead turns, those on other pages too: 4 now.")
    assert "Discard for good?" in screen.text("#sure")
    await screen.press("#sure [value=yes]")
    await screen.see("#flash", "4 turns discarded.")
    assert await statuses(backend, ids) == [Status.ERASED] * 4


async def test_what_went_wrong_stands_with_the_letter_and_on_the_page_of_its_turn(
    screen: Screen, backend: Backend
) -> None:
    turn = await backend.let_die("ana", "I live in Porto.", NOT_JSON)
    await backend.parts.dead_letters.revive("default", [turn], replay=True)
    screen.open(f"/dashboard/turns/{turn}")
    await screen.see("#turn .head", "failed 1 time, replayed 1 time")
    assert f"bad_answer: {NOT_JSON}" in screen.text(".history")
    other = await backend.let_die("bob", "I live in Rome.", NOT_JSON)
    screen.open("/dashboard/dead")
    await screen.press("summary")
    await screen.see(".history", "attempt 1")
    assert await backend.status(other) is Status.DEAD


async def test_letters_that_do_not_fit_in_stay_and_the_page_says_why(screen: Screen, backend: Backend) -> None:
    turn = await backend.let_die("ana", "I live in Porto.", NOT_JSON)
    await backend.redis.incrby(keys.backlog, 10**9)
    try:
        screen.open("/dashboard/dead")
        await screen.press(f"[data-deed=replay][data-id='{turn}']")
        await screen.see("#flash", "1 stay dead: too many turns of all tenants together are waiting.")
    finally:
        await backend.redis.decrby(keys.backlog, 10**9)
    assert await backend.status(turn) is Status.DEAD
