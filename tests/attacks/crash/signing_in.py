"""Killed while somebody signs in."""

from tests.attacks.crash.scenario import Facts, Scenario, has_account, kinds, open_link, sessions
from tests.doors.api import Api, Program


async def sign_in(api: Api, program: Program, facts: Facts) -> object:
    return await program.sign_in(facts["email"])


async def session_and_notice_go_together(api: Api, program: Program, facts: Facts) -> None:
    opened = await sessions(api) - facts["sessions"]
    owner = Program(api.http, session=facts["session"])
    told = (await kinds(owner)).count("new_device")
    assert opened == told, f"{opened} sessions, {told} notices"
    assert (await program.sign_in(facts["email"])).state == "done"


async def began_link_sign_in(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    await program.start("sign_in", identifier=facts["email"])
    facts.update(link=(await api.newest(facts["email"])).link)


async def link_opens_one_session(api: Api, program: Program, facts: Facts) -> None:
    opened = await sessions(api) - facts["sessions"]
    owner = Program(api.http, session=facts["session"])
    assert (await kinds(owner)).count("new_device") == opened, f"{opened} sessions"
    assert (await program.open(facts["link"])).status == (404 if opened else 200)
    assert (await program.open(facts["link"])).status == 404
    assert await sessions(api) == facts["sessions"] + 1


SCENARIOS: dict[str, Scenario] = {
    "sign_in": Scenario(has_account, sign_in, session_and_notice_go_together),
    "sign_in_link": Scenario(began_link_sign_in, open_link, link_opens_one_session),
}
