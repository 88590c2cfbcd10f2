"""Killed while somebody signs up."""

from tests.attacks.crash.scenario import Facts, Scenario, flows_and_messages, give_code, kinds
from tests.doors.api import ANOTHER, PASSWORD, Api, Program


async def began_sign_up(api: Api, program: Program, facts: Facts) -> None:
    began = await program.start("sign_up", email=facts["email"], name="Anna", password=PASSWORD)
    letter = await api.newest(facts["email"])
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def account_is_whole(api: Api, program: Program, facts: Facts) -> None:
    """The step is done now, once; its code is good for nothing more; the account has one welcome."""
    again = await program.code(facts["flow"], facts["code"])
    assert (again.status, again.said.get("state")) in {(200, "done"), (410, None)}, again
    assert (await program.code(facts["flow"], facts["code"])).status == 410
    assert (await program.open(facts["link"])).status == 404
    owner = api.program()
    assert (await owner.sign_in(facts["email"])).state == "done"
    assert (await kinds(owner)).count("welcome") == 1


async def moved_sign_up(api: Api, program: Program, facts: Facts) -> None:
    await began_sign_up(api, api.program(), facts)
    await program.open(facts["link"])


async def finish_sign_up(api: Api, program: Program, facts: Facts) -> object:
    return await program.finish(facts["flow"], ANOTHER, name="Berta")


async def moved_account_is_whole(api: Api, program: Program, facts: Facts) -> None:
    assert (await program.finish(facts["flow"], ANOTHER, name="Berta")).status in {200, 410}
    assert (await program.finish(facts["flow"], ANOTHER, name="Berta")).status == 410
    assert (await api.program().sign_in(facts["email"], PASSWORD)).status == 401
    owner = api.program()
    assert (await owner.sign_in(facts["email"], ANOTHER)).state == "done"
    assert (await kinds(owner)).count("welcome") == 1


async def nothing_yet(api: Api, program: Program, facts: Facts) -> None:
    """The step is the first thing that happens."""


async def start_sign_up(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("sign_up", email=facts["email"], name="Anna", password=PASSWORD)


async def sign_up_can_start(api: Api, program: Program, facts: Facts) -> None:
    flows, messages = await flows_and_messages(api, "sign_up", "sign_up_code")
    assert flows == messages, "a flow without its message, or a message without its flow"
    await began_sign_up(api, program, facts)
    await account_is_whole(api, program, facts)


SCENARIOS: dict[str, Scenario] = {
    "sign_up_start": Scenario(nothing_yet, start_sign_up, sign_up_can_start),
    "sign_up_code": Scenario(began_sign_up, give_code, account_is_whole),
    "sign_up_finish_elsewhere": Scenario(moved_sign_up, finish_sign_up, moved_account_is_whole),
}
