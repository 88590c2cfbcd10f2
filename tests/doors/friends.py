"""Owners with recovery contacts, and what friends do: what the tests of several rows do again and again."""

import re
from collections.abc import Sequence

from sparekey.use_cases.waits import look_at_wait
from tests.doors.api import PASSWORD, Answer, Api, Letter, Program
from tests.doors.waits import ANNA, deliver, letters_about

BORIS, CLARA, DORA = "boris@friends.example", "clara@friends.example", "dora@friends.example"
INVITED, ASKED, LEAVING = "Will you help a friend", "asks for your help", "no recovery contact any more"

WAIT = 73
"""Hours, a little more than the change of a list waits."""


def named(*friends: str) -> list[dict[str, str]]:
    return [{"name": email.partition("@")[0].title(), "email": email} for email in friends]


async def change(program: Program, friends: Sequence[str], needed: int = 2, *, all_needed: bool = False) -> Answer:
    """Ask for a new list, and prove what is asked for."""
    began = await program.start("change_contacts", friends=named(*friends), needed=needed, all_needed=all_needed)
    if began.status == 201 and began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    return began


def token_of(letter: Letter) -> str:
    found = re.search(r"/f/([A-Za-z0-9_-]+)", letter.text)
    assert found, f"no link in {letter.text!r}"
    return found[1]


async def newest(api: Api, to: str, about: str = ASKED) -> str:
    """The token of the newest mail to a friend."""
    return token_of((await letters_about(api, to, about))[-1])


async def say(api: Api, friend: str, *, accept: bool = True) -> Answer:
    """A friend answers the newest invitation."""
    token = await newest(api, friend, INVITED)
    return await api.program().call("POST", "/api/v1/contacts/accept", {"token": token, "accept": accept})


async def type_phrase(api: Api, token: str, phrase: str) -> Answer:
    return await api.program().call("POST", "/api/v1/contacts/phrase", {"token": token, "phrase": phrase})


async def ask(program: Program, flow_id: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": "contacts"})


async def go_on(program: Program, flow_id: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "contacts"}})


async def _three_days(api: Api, flow_id: str) -> None:
    """As ``pass_time``, for this wait alone, with the mail of each day delivered once: many tests begin with it."""
    subject = await _subject_of(api, flow_id)
    for hour in range(WAIT):
        if hour % 24 == 0:
            await deliver(api)
        api.clock.wait(hours=1)
        await look_at_wait(api.parts.services, flow_id, subject)
    await deliver(api)


async def _subject_of(api: Api, flow_id: str) -> str:
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get(flow_id)
    assert flow is not None
    return flow.subject


async def with_friends(
    api: Api,
    program: Program,
    friends: Sequence[str] = (BORIS, CLARA, DORA),
    needed: int = 2,
    *,
    settled: bool = True,
    all_needed: bool = False,
) -> None:
    """A list that holds, and (``settled``) counts in a recovery."""
    began = await change(program, friends, needed, all_needed=all_needed)
    assert began.state == "waiting", began
    for friend in friends:
        assert (await say(api, friend)).status == 204
    await _three_days(api, began.flow_id)
    assert (await program.show(began.flow_id)).state == "done"
    if settled:
        api.clock.wait(days=31)


async def owner(api: Api, friends: Sequence[str] = (BORIS, CLARA, DORA), needed: int = 2, *, settled: bool = True) -> Program:
    """Anna, without a second factor, with recovery contacts that count."""
    program = await api.signed_up(ANNA)
    await with_friends(api, program, friends, needed, settled=settled)
    return program


async def recover(api: Api, email: str = ANNA) -> tuple[Program, str, str]:
    """Somebody recovers and asks the friends: program, flow, and the phrase."""
    program = api.program()
    began = await program.start("recover", identifier=email)
    asked = await ask(program, began.flow_id)
    assert asked.said["friends"] is not None, asked
    return program, began.flow_id, asked.said["friends"]["phrase"]
