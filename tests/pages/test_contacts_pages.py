"""Recovery contacts as a person without script walks them (R7): the owner's list, the friend's page, the way back in."""

import re

import pytest

from tests.doors.api import PASSWORD, Api
from tests.doors.friends import ASKED, BORIS, CLARA, DORA, INVITED, WAIT, newest
from tests.doors.waits import ANNA, pass_time
from tests.pages.browser import Browser, new_browser, signed_up

pytestmark = pytest.mark.row("R7")

EDIT = "/account/security/contacts/edit"


async def _agree(api: Api, friend: str, button: str = "Yes, I help") -> Browser:
    browser = new_browser(api)
    token = await newest(api, friend, INVITED)
    await browser.open(f"/f/{token}")
    assert browser.page.path == "/friend", "the secret has left the address"
    await browser.press(button)
    assert all(token not in text for url, text in browser.seen if "/f/" not in url)
    return browser


async def _with_friends(api: Api) -> Browser:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open(EDIT)
    friends = {"name_1": "Boris", "email_1": BORIS, "name_2": "Clara", "email_2": CLARA, "name_3": "Dora", "email_3": DORA}
    await anna.fill(form=EDIT, needed="2", **friends)
    assert anna.page.path == "/account/security/contacts"
    for friend in (BORIS, CLARA):
        await _agree(api, friend)
    await pass_time(api, WAIT)
    api.clock.wait(days=31)
    return anna


async def _ask(api: Api) -> tuple[Browser, str]:
    """Somebody recovers, and asks the friends: the browser, and the words."""
    lost = new_browser(api)
    await lost.open("/forgot")
    await lost.fill(identifier=ANNA)
    form, button = next((f, b) for f in lost.page.forms for b in f.buttons if b[0].startswith("Friends who help you"))
    await lost.send(form.action, {**form.fields, button[1]: button[2]})
    assert lost.page.heading == "Call your friends"
    found = re.search(r"The words: ([a-z -]+)", lost.page.text)
    assert found, lost.page.text
    return lost, " ".join(found[1].split()[:4])


async def test_from_the_list_to_the_way_back_in(api: Api) -> None:
    await _with_friends(api)
    lost, phrase = await _ask(api)
    for friend in (BORIS, CLARA):
        browser = new_browser(api)
        await browser.open(f"/f/{await newest(api, friend, ASKED)}")
        await browser.fill(form="/friend/phrase", phrase="not these four words")
        assert (browser.page.status, browser.page.by_id("phrase-wrong")[:5]) == (
            401,
            "Error",
        ) or "These are not the words" in browser.page.text
        await browser.fill(form="/friend/phrase", phrase=phrase)
        assert browser.page.heading == "These are the right words"
        await browser.open("/friend")
        assert (browser.page.status, browser.page.heading) == (404, "This link is over")
    await lost.open(lost.page.path)
    assert "2 friends have typed the words so far." in lost.page.text
    await lost.press("Continue")
    assert "Your friends: they know you" in lost.page.text


async def test_what_is_wrong_stands_beside_its_friend_and_nothing_typed_is_lost(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open(EDIT)
    await anna.fill(form=EDIT, needed="3", name_1="", email_1="", name_2="Boris", email_2="nowhere", name_5="Clara", email_5=ANNA)
    page = anna.page
    assert page.status == 422
    assert "e-mail address" in page.by_id("email_1-wrong")
    assert [page.input(n)["value"] for n in ("name_1", "email_1", "name_2", "email_2", "name_3")] == ["Boris", "nowhere", "Clara", ANNA, ""]
    await anna.fill(form=EDIT, email_1=BORIS)
    assert "address of yours" in anna.page.by_id("email_2-wrong")
    await anna.fill(form=EDIT, email_2=CLARA)
    assert "Choose a number from 2 to 2" in anna.page.by_id("needed-wrong")
    await anna.fill(form=EDIT, needed="2")
    assert "You want all of them to be needed." in anna.page.text
    await anna.send(EDIT, {**anna.page.form(EDIT).fields, "all_needed": "yes"})
    assert anna.page.path == "/account/security/contacts"
    await anna.press("Stop this change")
    assert "Everything stays as it is." in anna.page.text


@pytest.mark.parametrize("needed", ["", "two", "-1", "9" * 400, "٣"])
async def test_a_number_that_is_none_is_refused(api: Api, needed: str) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open(EDIT)
    friends = {"name_1": "Boris", "email_1": BORIS, "name_2": "Clara", "email_2": CLARA, "name_3": "Dora", "email_3": DORA}
    await anna.fill(form=EDIT, needed=needed, **friends)
    assert (anna.page.status, anna.page.by_id("needed-wrong") != "") == (422, True)


async def test_the_list_is_stopped_at_once_or_for_good(api: Api) -> None:
    await _with_friends(api)
    anna = new_browser(api)
    await anna.open("/sign-in")
    await anna.fill(identifier=ANNA, password=PASSWORD)
    await anna.open("/account/security/contacts")
    await anna.press("Have no recovery contacts any more")
    assert "Then nobody is your recovery contact any more." in anna.page.text
    await anna.press("Stop this change")
    await anna.press("Stop the list at once")
    await anna.open("/account/security/contacts")
    assert "You stopped your list." in anna.page.text


async def test_a_friend_says_no_and_later_yes(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open(EDIT)
    friends = {"name_1": "Boris", "email_1": BORIS, "name_2": "Clara", "email_2": CLARA, "name_3": "Dora", "email_3": DORA}
    await anna.fill(form=EDIT, needed="2", **friends)
    boris = await _agree(api, BORIS, "No, rather not")
    assert boris.page.heading == "You are no recovery contact"
    await anna.open("/account/security/contacts")
    assert "said no" in anna.page.text
    await _agree(api, BORIS)
    await anna.open("/account/security/contacts")
    assert "said no" not in anna.page.text


@pytest.mark.row("R9")
async def test_without_the_secret_question_there_is_no_page_for_it(api: Api) -> None:
    anna = await signed_up(api, ANNA, PASSWORD)
    await anna.open("/account/security")
    assert "/account/security/secret-question" not in anna.page.links.values()
    await anna.open("/account/security/secret-question")
    assert anna.page.status == 404
