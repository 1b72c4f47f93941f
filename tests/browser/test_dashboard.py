"""The dashboard, as somebody who watches turns uses it."""

from __future__ import annotations

from selenium.webdriver.common.by import By

from scrubjay.model import Page, Scope, Status
from tests.browser.backend import TENANT, Backend
from tests.browser.screen import Screen
from tests.redis_keys import keys
from tests.support import wait_until

NOT_JSON = "the answer is not JSON"


async def test_the_overview_goes_on_by_itself_when_a_turn_settles(screen: Screen, backend: Backend) -> None:
    await backend.say("ana", "I live in Porto.")
    screen.open("/dashboard")
    await screen.see("#turns tbody", "queued")
    assert screen.text(".term.waiting dd") == "1"

    await backend.settle("ana")

    await screen.see("#turns tbody", "settled")
    await screen.see(".term.settled dd", "1")
    assert screen.text(".term.accepted dd") == "1"
    assert screen.text(".term.waiting dd") == "0"
    assert "1 settled" in str(screen.run("return document.getElementById('said').textContent"))


async def test_an_empty_overview_says_how_to_post_a_turn(screen: Screen, backend: Backend) -> None:
    screen.open("/dashboard")
    assert "No turns yet: post one with curl -X POST" in screen.text("#turns")
    assert f"{screen.base}/turns" in screen.text("#turns")
    await backend.say("ana", "I live in Porto.")
    await screen.see("#turns tbody", "queued")


async def test_the_keyboard_stays_where_it_was_when_the_table_goes_on(screen: Screen, backend: Backend) -> None:
    first = await backend.say("ana", "I live in Porto.")
    screen.open("/dashboard")
    screen.run("document.getElementById(arguments[0]).focus()", f"turn-{first}")
    await backend.say("ana", "I play the cello.")
    await wait_until(lambda: len(screen.chrome.find_elements(By.CSS_SELECTOR, "#turns tbody tr")) == 2)
    assert screen.run("return document.activeElement.id") == f"turn-{first}"


async def test_turns_are_filtered_by_status_and_by_user(screen: Screen, backend: Backend) -> None:
    of_ana, of_bob = await backend.remember("ana", "I live in Porto."), await backend.say("bob", "I play the cello.")
    screen.open("/dashboard")
    await screen.press("#tab-queued")
    assert screen.find(f"#turn-{of_ana}") is None
    assert screen.find(f"#turn-{of_bob}") is not None

    screen.open("/dashboard")
    await screen.fill("#user", "ana")
    await screen.press("form button")
    await wait_until(lambda: screen.find(f"#turn-{of_bob}") is None, what="the others being left out")
    assert screen.find(f"#turn-{of_ana}") is not None


async def test_books_that_do_not_balance_raise_an_alarm(screen: Screen, backend: Backend) -> None:
    await backend.remember("ana", "I live in Porto.")
    screen.open("/dashboard")
    await screen.see(".verdict", "in balance")
    await backend.redis.hincrby(keys.ledger(TENANT), "accepted", 1)
    await screen.see("#books .alarm", "2 turns were accepted, but 1 are accounted for")
    await backend.redis.hincrby(keys.ledger(TENANT), "accepted", -1)


async def test_a_dead_letter_is_judged_by_its_text_and_replayed_by_its_button(screen: Screen, backend: Backend) -> None:
    turn = await backend.let_die("ana", "I live in Porto.", NOT_JSON)
    screen.open("/dashboard/dead")
    assert "I live in Porto." in screen.text("article")
    assert NOT_JSON in screen.text(".group h2")

    await screen.press(f"[data-deed=replay][data-id='{turn}']")

    await screen.see("#flash", "1 turn sent back to be remembered.")
    await screen.see("#dead", "No dead letters")
    assert await backend.status(turn) is Status.QUEUED
    assert await backend.settle("ana") == 1


async def test_letters_that_died_of_the_same_error_are_replayed_together(screen: Screen, backend: Backend) -> None:
    first, second = [await backend.let_die(user, "I live in Porto.", NOT_JSON) for user in ("ana", "bob")]
    other = await backend.let_die("cy", "I play the cello.", "the answer was cut off")
    screen.open("/dashboard/dead")
    await screen.press(f"[data-deed=replay][data-error='bad_answer: {NOT_JSON}']")
    await screen.see("#flash", "2 turns sent back to be remembered.")
    statuses = [await backend.status(turn) for turn in (first, second, other)]
    assert statuses == [Status.QUEUED, Status.QUEUED, Status.DEAD]


async def test_discarding_asks_first_and_can_be_called_off(screen: Screen, backend: Backend) -> None:
    turn = await backend.let_die("ana", "I live in Porto.", NOT_JSON)
    screen.open("/dashboard/dead")
    await screen.press(f"[data-deed=discard][data-id='{turn}']")
    await screen.see("#sure", "This cannot be undone")
    await screen.press("#sure [value=no]")
    assert await backend.status(turn) is Status.DEAD

    await screen.press(f"[data-deed=discard][data-id='{turn}']")
    await screen.press("#sure [value=yes]")
    await screen.see("#flash", "1 turn discarded.")
    assert await backend.status(turn) is Status.ERASED


async def test_a_turn_that_waits_is_discarded_from_the_list_and_from_its_page(screen: Screen, backend: Backend) -> None:
    first, second = [await backend.say(user, "I live in Porto.") for user in ("ana", "bob")]
    settled = await backend.remember("cy", "I play the cello.")
    screen.open("/dashboard")
    assert screen.find(f"[data-turn='{settled}']") is None
    await screen.press(f"[data-deed=discard][data-turn='{first}']")
    await screen.see("#sure", "This cannot be undone")
    await screen.press("#sure [value=no]")
    assert await backend.status(first) is Status.QUEUED
    await screen.press(f"[data-deed=discard][data-turn='{first}']")
    await screen.press("#sure [value=yes]")
    await screen.see("#flash", "1 turn discarded.")
    assert await backend.status(first) is Status.ERASED

    screen.open(f"/dashboard/turns/{second}")
    await screen.press(f"[data-deed=discard][data-turn='{second}']")
    await screen.press("#sure [value=yes]")
    await screen.see("#turn", "this turn was forgotten or discarded")
    assert await backend.status(second) is Status.ERASED


async def test_another_site_cannot_discard_a_letter(screen: Screen, backend: Backend) -> None:
    turn = await backend.let_die("ana", "I live in Porto.", NOT_JSON)
    screen.chrome.get("data:text/html,another site")
    post = """
        const [url, id, done] = arguments;
        const send = (headers, mode) =>
          fetch(url, { method: "POST", mode, headers, body: JSON.stringify({ ids: [id] }) }).then(() => 1, () => 0);
        Promise.all([send({}, "no-cors"), send({ "Content-Type": "application/json" }, "cors")]).then(done);
    """
    sent = screen.chrome.execute_async_script(post, f"{screen.base}/dead/discard", turn)
    # The first is sent, refused, and the refusal kept from the page; the second is stopped by the browser.
    assert sent == [0, 0]
    assert f"{screen.base}/dead/discard" in screen.requests()
    assert await backend.status(turn) is Status.DEAD


async def test_text_with_html_in_it_is_shown_and_never_run(screen: Screen, backend: Backend) -> None:
    trap = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script> & \"so\" 'on'"
    dead = await backend.let_die(f"{trap}1", trap, trap)
    settled = await backend.remember(f"{trap}2", trap)
    for path, query in (
        ("/dashboard/dead", {}),
        (f"/dashboard/turns/{dead}", {}),
        (f"/dashboard/turns/{settled}", {}),
        ("/dashboard", {"status": "dead", "user_id": f"{trap}1"}),
        ("/dashboard/memories", {"user_id": f"{trap}2", "query": trap}),
    ):
        screen.open(path, **query)
        assert trap in screen.text("main"), path
        assert screen.find("main img, main script") is None, path
        assert screen.run("return document.title") != "run"


async def test_search_shows_the_memory_and_leads_to_its_history(screen: Screen, backend: Backend) -> None:
    await backend.remember("ana", "I live in Porto.")
    turn = await backend.remember("ana", "I live in Lisbon now.", instead=True)
    screen.open("/dashboard/memories")
    await screen.fill("#user", "ana")
    await screen.fill("#query", "Where does she live?")
    await screen.press("button.main")
    await screen.see(".memories", "I live in Lisbon now.")
    assert 0 < float(screen.text(".memories .score").split()[-1]) <= 1

    await screen.press(".memories a")
    await screen.see(".timeline .now", "I live in Lisbon now.")
    assert "I live in Porto." in screen.text(".timeline .past")
    await screen.press(".timeline .now a")
    await screen.see("#turn .facts", turn)


async def every_page(backend: Backend) -> list[str]:
    """The address of each kind of page, with something on it that is hard to lay out."""
    long = "Donaudampfschifffahrtsgesellschaft" * 8
    settled = await backend.remember("ana", f"I work at {long}")
    dead = await backend.let_die("ana", f"I left {long}", long)
    (memory,) = (await backend.parts.store.page(Scope(tenant=TENANT, user_id="ana"), Page(size=1))).items
    return [
        "/dashboard",
        "/dashboard?user_id=nobody",
        "/dashboard/dead",
        f"/dashboard/turns/{settled}",
        f"/dashboard/turns/{dead}",
        "/dashboard/memories",
        "/dashboard/memories?user_id=ana",
        "/dashboard/memories?user_id=ana&query=work",
        f"/dashboard/memories/{memory.id}",
    ]


async def test_no_request_leaves_the_origin_and_the_console_stays_quiet(screen: Screen, backend: Backend) -> None:
    pages = await every_page(backend)
    for page in pages:
        screen.open(page)
    screen.open("/dashboard")
    await screen.see("#parts", "redis up")
    requested = screen.requests()
    assert len(requested) > len(pages)
    assert [url for url in requested if not url.startswith(f"{screen.base}/")] == []
    assert screen.complaints() == []


async def test_no_page_scrolls_sideways_on_a_phone(screen: Screen, backend: Backend) -> None:
    screen.resize(390)
    for page in await every_page(backend):
        screen.open(page)
        assert not screen.is_wider_than_the_window, page
