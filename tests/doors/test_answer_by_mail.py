"""A case is answered by mail, through ``sparekey receive-mail`` as a mail server calls it (C3)."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from sparekey.use_cases.answer_by_mail import MESSAGES, Outcome, answer_address, answer_by_mail
from tests.doors.agents import Person, agents, case_of, case_row
from tests.doors.api import Api, served

ANNA, VERA = "anna@example.com", "vera@example.com"


@pytest.fixture
async def api(data_dir: Path, migrated_sqlite: Path) -> AsyncIterator[Api]:
    async with served("", data_dir, migrated_sqlite, mail_answers="help@example.com") as api:
        yield api


def receive(api: Api, raw: bytes, *words: str) -> int:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPAREKEY_")}
    called = [sys.executable, "-m", "sparekey.cli.main", "receive-mail", *words]
    environment = {**kept, "SPAREKEY_DATA": api.settings.storage.data, "SPAREKEY_MAIL_ANSWERS": "help@example.com"}
    return subprocess.run(called, input=raw, env=environment, capture_output=True, check=False).returncode


def mail(to: str, sender: str, text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Re: your case"
    message.set_content(text)
    return message.as_bytes()


async def said(api: Api, person: Person) -> list[tuple[str, str]]:
    case = await case_row(api, person)
    async with api.parts.services.store.transaction() as tx:
        return [(m.author.value, m.text) for m in await tx.cases.messages(case.case_id)]


@pytest.mark.row("C3")
async def test_who_answers_the_mail_of_an_agent_answers_in_the_case(api: Api) -> None:
    (anna,) = await agents(api, ANNA)
    person = await case_of(api, VERA)
    await anna.program.call("POST", f"/api/v1/agent/cases/{person.number}/messages", {"text": "What was it about?"})
    told = await api.newest(person.contact)
    assert "Or simply answer this mail." in told.text
    files = (Path(api.settings.storage.data) / "dev" / "mail").glob("*.eml")
    answered = [a for f in files if (a := message_from_bytes(f.read_bytes())["Reply-To"])]
    assert len(answered) == 1
    to = re.findall(r"<(.+)>", answered[0])[0]
    assert re.fullmatch(r"help\+[a-z0-9]{8}\.[a-z2-7]{16}@example\.com", to)

    assert receive(api, mail(to, f"Vera <{person.contact}>", "It was a kettle.\n\n> What was it about?\n")) == 0
    assert await said(api, person) == [("agent", "What was it about?"), ("person", "It was a kettle.")]
    assert (await anna.program.read("agent/cases"))["cases"][0]["answered"] is True
    assert receive(api, mail("x@example.com", person.contact, "By envelope."), "--to", to) == 0
    assert (await said(api, person))[-1] == ("person", "By envelope.")

    wrong = to.replace(to.split(".")[1].split("@")[0], "a" * 16)
    assert receive(api, mail(wrong, person.contact, "Let me in.")) == 67
    assert receive(api, mail("help@example.com", person.contact, "Let me in.")) == 67
    assert receive(api, b"From: x\n" + b"y" * (2 * 1024 * 1024)) == 65
    assert len(await said(api, person)) == 3


@pytest.mark.row("C3")
async def test_a_mail_of_somebody_else_a_machine_or_too_many_say_nothing(api: Api) -> None:
    """The address alone is not enough, and neither is the sender."""
    services = api.parts.services
    person, other = await case_of(api, VERA), await case_of(api, "other@example.com", "other@example.org")
    to = answer_address(services, await case_row(api, person))
    assert await answer_by_mail(services, to, "thief@example.org", "Give it to me.", automatic=False) is Outcome.IGNORED
    assert await answer_by_mail(services, to, "", "Give it to me.", automatic=False) is Outcome.IGNORED
    assert await answer_by_mail(services, to, person.contact, "I am on holiday.", automatic=True) is Outcome.IGNORED
    assert await answer_by_mail(services, to, person.contact, "  \n ", automatic=False) is Outcome.IGNORED
    crossed = to.replace(person.number.replace("-", "").lower(), other.number.replace("-", "").lower())
    assert await answer_by_mail(services, crossed, other.contact, "Hello.", automatic=False) is Outcome.UNKNOWN
    assert await said(api, person) == await said(api, other) == []
    for n in range(MESSAGES.most + 1):
        kept = await answer_by_mail(services, to, person.contact, f"Message {n}", automatic=False)
        assert kept is (Outcome.KEPT if n < MESSAGES.most else Outcome.IGNORED)
    assert len(await said(api, person)) == MESSAGES.most
