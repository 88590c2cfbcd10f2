"""Recovery contacts in a real browser (R7): an owner, two friends, and one who was not called. The secret question (R9)."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparekey.bootstrap import build
from sparekey.worker.waits import look_at_waits
from tests.browser import later
from tests.browser.conftest import PATIENT, MakePerson, MovingSite
from tests.browser.eyes import look
from tests.browser.person import ANOTHER, Mail, Person
from tests.doors.api import CHEAP, HashingHere
from tests.server import Site

DAY = 24 * 60

THREE_DAYS = 100
"""Hours, with room for a notice that the site's own worker delivers late: here an hour passes in an instant."""

INVITED, ASKED = "Will you help a friend back into an account at Sparekey?", "A friend asks for your help at Sparekey"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[MovingSite]:
    """One that has switched the secret question on."""
    folder = tmp_path_factory.mktemp("site")
    ahead = folder / "ahead"
    with Site(folder, "", migrated_sqlite, settings={**PATIENT, "secret_question": "on"}, program=later.program(ahead)) as found:
        yield MovingSite(found, ahead)


def friends_link(mail: Mail) -> str:
    found = re.search(r"/f/[A-Za-z0-9_-]+", mail.text)
    assert found, mail.text
    return found[0]


async def pass_time(site: MovingSite, hours: int) -> None:
    """Hour by hour, as the worker of another node sees it."""
    parts = build(site.site.read(), clock=site.clock, hashing=HashingHere(), cost=CHEAP)
    await parts.open()
    try:
        for _ in range(hours):
            while await parts.deliverer.deliver_due():
                pass
            site.wait(minutes=60)
            await look_at_waits(parts.services, asyncio.Event())
    finally:
        await parts.close()


async def name_friends(anna: Person, friends: dict[str, str]) -> None:
    for number, (name, email) in enumerate(friends.items(), 1):
        group = anna.page.get_by_role("group", name=f"Friend {number}")
        await group.get_by_label("Name").fill(name)
        await group.get_by_label("E-mail").fill(email)


async def agree(friend: Person, email: str, *, seen: str = "") -> None:
    await friend.open(friends_link(await friend.mail(email, INVITED)))
    await friend.is_at("Will you help a friend?")
    assert friend.path == "/friend", "the secret has left the address"
    if seen:
        await look(friend, seen)
    await friend.press("Yes, I help")
    await friend.is_at("Thank you!")


@pytest.mark.row("R7")
async def test_two_friends_help_anna_back_in(people: MakePerson, site: MovingSite, email: str) -> None:
    anna, boris, clara, dora = await people(), await people(), await people(), await people()
    friends = {"Boris Bolt": f"boris.{email}", "Clara Clay": f"clara.{email}", "Dora Dale": f"dora.{email}"}
    await anna.sign_up(email)
    await anna.confirm(email)
    await anna.open("/account/security/contacts")
    await look(anna, "contacts-none")
    await anna.follow("Name friends")
    await anna.press("Continue")
    await look(anna, "contacts-edit-empty")
    await name_friends(anna, {"Boris Bolt": f"boris.{email}", "Clara Clay": f"clara.{email}"})
    await anna.press("Continue")
    await anna.sees("You want all of them to be needed.")
    await look(anna, "contacts-edit-all-needed")
    assert await anna.page.get_by_role("group", name="Friend 1").get_by_label("Name").input_value() == "Boris Bolt", "nothing typed is lost"
    await name_friends(anna, friends)
    await anna.press("Continue")
    await anna.is_at("Recovery contacts")
    await anna.sees("Your new list waits. Friends who are new on it have got a mail.")
    await look(anna, "contacts-wait")

    await agree(boris, friends["Boris Bolt"], seen="friend-invitation")
    await look(boris, "friend-yes")
    await agree(clara, friends["Clara Clay"])
    await agree(dora, friends["Dora Dale"])
    await pass_time(site, THREE_DAYS)
    await anna.open("/account/security/contacts")
    await anna.sees("The list that holds")
    await anna.page.get_by_text("Is one of them no friend any more?").click()
    await look(anna, "contacts-hold")
    site.wait(minutes=31 * DAY)

    lost = await people()
    await lost.open("/forgot")
    await lost.type("E-mail, phone or user name", email)
    await lost.press("Continue")
    await lost.page.get_by_text("Other ways to verify").click()
    async with lost.page.expect_navigation():
        await lost.page.get_by_role("button", name=re.compile("Friends who help you")).click()
    await lost.is_at("Call your friends")
    flow = lost.path
    await look(lost, "friends-asked")
    phrase = (await lost.page.locator(".phrase").inner_text()).splitlines()[-1].removeprefix("The words: ").strip()
    assert len(phrase.split()) == 4
    await lost.press("They have typed the words: continue")
    await lost.sees("Not enough of your friends have typed the words so far.")

    await dora.open(friends_link(await dora.mail(friends["Dora Dale"], ASKED)))
    await dora.press("This is not my friend")
    await dora.is_at("Thank you for saying so")
    await look(dora, "friend-refused")
    await anna.mail(email, "A friend says that you did not call")
    await boris.open(friends_link(await boris.mail(friends["Boris Bolt"], ASKED)))
    await boris.is_at("Type the words of your friend")
    await look(boris, "friend-phrase")
    await boris.type("The four words", "these are not them")
    await boris.press("I know my friend: send the words")
    await boris.sees("These are not the words.")
    await look(boris, "friend-phrase-wrong")
    await boris.type("The four words", phrase.title())
    await boris.press("I know my friend: send the words")
    await boris.is_at("These are the right words")
    await boris.open("/friend")
    await boris.is_at("This link is over")
    await look(boris, "friend-over")
    await lost.open(flow)
    await lost.sees("1 friend has typed the words so far.")
    await clara.open(friends_link(await clara.mail(friends["Clara Clay"], ASKED)))
    await clara.type("The four words", phrase)
    await clara.press("I know my friend: send the words")
    await clara.is_at("These are the right words")

    await lost.open(flow)
    await lost.is_at("Your friends have answered")
    await look(lost, "friends-answered")
    await lost.press("Continue")
    await lost.page.get_by_text("Other ways to verify").click()
    await lost.press("I have no other way")
    await lost.is_at("Now there is a waiting time")
    await pass_time(site, THREE_DAYS)
    await lost.page.reload()
    await lost.type("New password", ANOTHER)
    await lost.type("The same once more", ANOTHER)
    await lost.press("Save the new password")
    await lost.is_at("Your new password is set")


@pytest.mark.row("R9")
async def test_the_secret_question(people: MakePerson, email: str) -> None:
    anna = await people()
    await anna.sign_up(email)
    await anna.confirm(email)
    await anna.open("/account/security")
    await anna.page.get_by_role("link", name=re.compile("Secret question")).click()
    await anna.is_at("Secret question")
    await anna.press("Save")
    await anna.sees("An answer has at least 3 letters or digits.")
    await look(anna, "secret-question-empty")
    await anna.page.get_by_label("Question", exact=True).select_option("first_pet")
    await anna.type("Answer", "Whiskers")
    await anna.press("Save")
    await anna.sees("Done. Every address of your account is told.")
    await look(anna, "secret-question")
    assert await anna.field("Answer").input_value() == ""
