"""Killed while somebody gets back in, or changes the password."""

from datetime import timedelta

from sparekey.adapters.sql.connection import Statement
from sparekey.domain.values import replace
from tests.attacks.crash.scenario import Facts, Scenario, flows_and_messages, give_code, has_account, open_link, with_second_address
from tests.doors.api import ANOTHER, PASSWORD, Api, Program


async def wrong_code(api: Api, program: Program, facts: Facts) -> object:
    return await program.code(facts["flow"], "000000" if facts["code"] != "000 000" else "111111")


async def wrong_code_counts(api: Api, program: Program, facts: Facts) -> None:
    """Whatever a power cut makes of one, five are the end of a code, and of nothing else."""
    for _ in range(5):
        assert (await wrong_code(api, program, facts)).status in {401, 409}  # type: ignore[attr-defined]
    assert (await program.code(facts["flow"], facts["code"])).status == 401, "a code that is guessed at for ever"
    assert (await program.open(facts["link"])).state == "allowed"


async def about_to_resend(api: Api, program: Program, facts: Facts) -> None:
    """A minute after the first code; the limits of volume are off here."""
    await began_recovery(api, program, facts)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(facts["flow"])
        assert flow is not None
        await tx.flows.save(replace(flow, asked=tuple(replace(a, asked_at=a.asked_at - timedelta(seconds=61)) for a in flow.asked)))


async def resend(api: Api, program: Program, facts: Facts) -> object:
    return await program.send(facts["flow"])


async def every_code_sent_is_good_until_one_is_used(api: Api, program: Program, facts: Facts) -> None:
    sent = [letter.code for letter in await api.letters(facts["email"]) if "Get back" in letter.subject and letter.code != facts["code"]]
    assert (await resend(api, program, facts)).status == (429 if sent else 200)  # type: ignore[attr-defined]
    newest = (await api.newest(facts["email"])).code
    assert newest != facts["code"]
    assert (await program.code(facts["flow"], newest)).state == "allowed"
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await api.program().open(facts["link"])).status == 404


async def start_recovery(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("recover", identifier=facts["email"])


async def recovery_can_start(api: Api, program: Program, facts: Facts) -> None:
    flows, codes = await flows_and_messages(api, "recover", "recovery_code")
    assert flows == codes, "a flow without its message, or a message without its flow"
    began = await program.start("recover", identifier=facts["email"])
    code = (await api.newest(facts["email"])).code
    assert (await program.code(began.flow_id, code)).state == "allowed"


async def began_recovery(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    began = await program.start("recover", identifier=facts["email"])
    letter = await api.newest(facts["email"])
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def code_is_spent_once(api: Api, program: Program, facts: Facts) -> None:
    again = await program.code(facts["flow"], facts["code"])
    assert again.status in {200, 401, 409}, again
    assert (await program.show(facts["flow"])).state == "allowed", "the proof is there, whichever of the two gave it"
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await api.program().open(facts["link"])).status == 404


async def link_is_spent_once(api: Api, program: Program, facts: Facts) -> None:
    if (await program.show(facts["flow"])).state == "asking":
        assert (await program.open(facts["link"])).status == 200
    assert (await program.open(facts["link"])).status == 404
    assert (await program.code(facts["flow"], facts["code"])).status in {401, 409}
    assert (await program.show(facts["flow"])).state == "allowed"


async def proven_recovery(api: Api, program: Program, facts: Facts) -> None:
    await with_second_address(api, program, facts)
    began = await program.start("recover", identifier=facts["email"])
    assert (await program.code(began.flow_id, (await api.newest(facts["email"])).code)).state == "allowed"
    facts.update(flow=began.flow_id)


async def finish(api: Api, program: Program, facts: Facts) -> object:
    return await program.finish(facts["flow"], ANOTHER)


async def recovered_or_not(api: Api, program: Program, facts: Facts) -> None:
    await password_changed_or_not(api, program, facts, notice="password_recovered")


async def password_changed_or_not(api: Api, program: Program, facts: Facts, notice: str = "password_changed") -> None:
    """All of it or nothing: the password, the notice to both addresses, the end of other sessions, the end of the flow."""
    async with api.parts.database.transaction() as connection:
        of_account = "select account_id from address where value = :email"
        row = await connection.one(
            Statement(f"select count(*) from outbox where kind = :kind and account_id in ({of_account})"), kind=notice, email=facts["email"]
        )
    told = row[0] if row else 0
    old, new = await api.program().sign_in(facts["email"]), await api.program().sign_in(facts["email"], ANOTHER)
    happened = new.status == 201
    assert (old.status == 201) != happened, "one password, not two and not none"
    assert told == (2 if happened else 0)
    other: str = facts.get("other") or facts["session"]
    assert await Program(api.http, session=other).is_signed_in() != happened
    assert (await program.show(facts["flow"])).state == ("done" if happened else "allowed")
    again = await program.finish(facts["flow"], ANOTHER)
    assert again.status == (410 if happened else 200), again
    assert (await program.finish(facts["flow"], ANOTHER)).status == 410
    assert (await api.about(facts["second"])).count((await api.about(facts["second"]))[-1]) >= 1


async def proven_change(api: Api, program: Program, facts: Facts) -> None:
    owner = await with_second_address(api, program, facts)
    other = api.program()
    await other.sign_in(facts["email"])
    facts.update(other=other.session)
    began = await owner.start("change_password")
    if began.state == "asking":
        began = await owner.password(began.flow_id, PASSWORD)
    assert began.state == "allowed", began
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts.update(flow=began.flow_id)


SCENARIOS: dict[str, Scenario] = {
    "recovery_start": Scenario(has_account, start_recovery, recovery_can_start),
    "recovery_code": Scenario(began_recovery, give_code, code_is_spent_once),
    "recovery_link": Scenario(began_recovery, open_link, link_is_spent_once),
    "resend": Scenario(about_to_resend, resend, every_code_sent_is_good_until_one_is_used),
    "wrong_code": Scenario(began_recovery, wrong_code, wrong_code_counts),
    "recovery_finish": Scenario(proven_recovery, finish, recovered_or_not),
    "change_password": Scenario(proven_change, finish, password_changed_or_not),
}
