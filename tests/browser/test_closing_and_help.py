"""Closing the account, keeping it, the file of one's data (S4), and the help centre (C1), in a real browser, and looked at."""

import json
import re

import pytest

from tests.browser.conftest import MakePerson
from tests.browser.eyes import look
from tests.browser.person import Person


@pytest.mark.row("S4")
async def test_a_thief_closes_the_account_and_the_owner_keeps_it_from_the_mail(people: MakePerson, email: str) -> None:
    thief, owner = await people(), await people()
    await thief.sign_up(email)
    await thief.confirm(email)
    await thief.open("/account/details")
    await thief.follow("Close the account")
    await thief.is_at("Close the account?")
    await look(thief, "close")
    await thief.press("Close the account")
    await thief.is_at("Your account is going to be closed")
    await look(thief, "closing")
    await thief.open("/account")
    await thief.sees("This account closes for good on")
    await look(thief, "closing-banner")
    mail = await owner.mail(email, "Your account at Sparekey is going to be closed")
    found = re.search(r"/k/[A-Za-z0-9_-]+", mail.text)
    assert found
    await owner.open(found[0])
    await owner.is_at("Keep your account?")
    assert owner.path == "/keep", "the secret has left the address"
    await look(owner, "keep")
    await owner.press("Keep the account")
    await owner.is_at("Your account stays")
    await look(owner, "kept")
    await owner.open(found[0])
    await owner.is_at("This account is not going to be closed")
    await look(owner, "keep-nothing")
    await owner.open("/k/no-such-link")
    await look(owner, "keep-over")
    await owner.open("/keep-account")
    await look(owner, "keep-by-name")
    await thief.open("/account/close")
    await thief.is_at("Close the account?")


@pytest.mark.row("S4")
async def test_the_file_of_ones_data(person: Person, email: str) -> None:
    await person.sign_up(email)
    await person.confirm(email)
    await person.open("/account/data")
    await look(person, "data")
    await person.press("Make the file")
    await person.is_at("Your file is ready")
    await look(person, "data-ready")
    async with person.page.expect_download() as waited:
        await person.page.get_by_role("button", name="Download the file").click()
    saved = await waited.value
    assert re.fullmatch(r"my-data-\d{4}-\d\d-\d\d\.json", saved.suggested_filename)
    kept = json.loads((await saved.path()).read_text(encoding="utf-8"))
    assert kept["addresses"][0]["value"] == email


@pytest.mark.row("C1")
async def test_help_from_a_worried_question_to_the_page_that_helps(person: Person) -> None:
    await person.open("/sign-in")
    await person.page.get_by_role("contentinfo").get_by_role("link", name="Help").click()
    await person.is_at("What has happened?")
    await look(person, "help")
    await person.type("Say it in your own words", "somone stole my phone")
    await person.press("Search")
    await person.sees("I lost my phone, or it was stolen")
    await look(person, "help-found")
    await person.page.get_by_role("main").get_by_role("link", name="I lost my phone, or it was stolen").first.click()
    await person.is_at("I lost my phone, or it was stolen")
    await look(person, "help-article")
    await person.follow("Phone or key lost or stolen")
    await person.is_at("Phone or key lost or stolen?")
    await person.open("/help?q=xyzzyplugh")
    await look(person, "help-nothing")
    await person.open("/help/no-such-article")
    await look(person, "help-none")


@pytest.mark.row("C1", "N8")
@pytest.mark.parametrize(("locale", "question"), [("ru-RU", "меня взломали"), ("zh-CN", "账号被盗")])
async def test_help_in_the_readers_language(people: MakePerson, locale: str, question: str) -> None:
    person = await people(locale=locale)
    await person.open(f"/help?q={question}")
    await look(person, f"help-{locale}")
    await person.open("/help/hacked")
    await look(person, f"help-article-{locale}")
