"""Killed while an owner changes something: addresses, details, sessions, ways to verify, friends, the account itself."""

from tests.attacks.crash.scenario import Facts, Scenario, give_code, has_second_address, kinds, notices, text_code
from tests.doors.api import Answer, Api, Program
from tests.doors.friends import INVITED, named
from tests.doors.second_factors import App


async def began_add_address(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    began = await owner.start("add_address", email=facts["second"])
    letter = await api.newest(facts["second"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts.update(flow=began.flow_id, code=letter.code, link=letter.link)


async def address_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    addresses = [a["value"] for a in (await program.read("account"))["addresses"]]
    told = (await kinds(program)).count("address_added")
    assert told == (2 if facts["second"] in addresses else 0), f"{addresses}, {told} notices"
    assert (await program.code(facts["flow"], facts["code"])).status in {200, 410}
    assert (await program.code(facts["flow"], facts["code"])).status == 410
    assert [a["value"] for a in (await program.read("account"))["addresses"]] == [facts["email"], facts["second"]]


async def remove_address(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("remove_address", address_id=facts["address"])


async def leaving_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    addresses = [a["value"] for a in (await program.read("account"))["addresses"]]
    gone = facts["second"] not in addresses
    said = await kinds(program)
    assert (said.count("address_removed"), said.count("address_left")) == ((1, 1) if gone else (0, 0))
    if not gone:
        assert (await remove_address(api, program, facts)).state == "done"  # type: ignore[attr-defined]


async def set_main_address(api: Api, program: Program, facts: Facts) -> object:
    return await program.start("set_main_address", address_id=facts["address"])


async def one_main_address(api: Api, program: Program, facts: Facts) -> None:
    """Two statements turn it: a session whose account has no main address would be nobody's."""
    main = [a["value"] for a in (await program.read("account"))["addresses"] if a["main"]]
    assert len(main) == 1
    assert (await kinds(program)).count("main_address_changed") == (2 if main == [facts["second"]] else 0)


async def change_details(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("change_details", name="Olga", language="ru", user_name=f"u{facts['email'][:12]}")


async def details_change_together(api: Api, program: Program, facts: Facts) -> None:
    account, told = await program.read("account"), (await kinds(program)).count("details_changed")
    is_new = account["name"] == "Olga"
    assert (account["language"], bool(account["user_name"]), told) == (("ru", True, 2) if is_new else ("en", False, 0)), account
    if not is_new:
        assert (await change_details(api, program, facts)).state == "done"
    assert (await api.program().sign_in(f"u{facts['email'][:12]}")).state == "done"


async def has_two_sessions(api: Api, program: Program, facts: Facts) -> None:
    await has_second_address(api, program, facts)
    other = api.program()
    await other.sign_in(facts["email"])
    facts["other"] = other.session


async def end_sessions(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("end_sessions")


async def sessions_end_and_are_told(api: Api, program: Program, facts: Facts) -> None:
    lives = await Program(api.http, session=facts["other"]).is_signed_in()
    assert (await kinds(program)).count("sessions_ended") == (0 if lives else 2)
    assert (await end_sessions(api, program, facts)).state == "done"
    assert not await Program(api.http, session=facts["other"]).is_signed_in()
    assert await program.is_signed_in()


async def about_to_add_number(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    facts["number"] = f"+37120{int(facts['email'][:12], 16) % 10**6:06}"
    began = await program.start("add_address", phone=facts["number"])
    facts.update(flow=began.flow_id, code=await text_code(api))


async def give_text_code(api: Api, program: Program, facts: Facts) -> Answer:
    body = {"answer": {"challenge": "sms", "code": facts["code"]}}
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/answer", body)


async def number_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    added = facts["number"] in [a["value"] for a in (await program.read("account"))["addresses"]]
    told = (await kinds(program)).count("address_added")
    assert bool(told) is added
    assert (await give_text_code(api, program, facts)).status == (410 if added else 200)
    assert (await give_text_code(api, program, facts)).status == 410
    assert [a["value"] for a in (await program.read("account"))["addresses"]] == [facts["email"], facts["number"]]


async def shown_backup_codes(api: Api, program: Program, facts: Facts) -> None:
    owner = await api.signed_up(facts["email"])
    program.session, program.device, program.flow_tokens = owner.session, owner.device, owner.flow_tokens
    began = await program.start("add_factor", factor="totp", label="My phone")
    path = f"/api/v1/flows/{began.flow_id}"
    app = App(api, began.said["authenticator"]["key"])
    shown = await program.call("POST", f"{path}/new-totp", {"code": app.code()})
    facts.update(flow=began.flow_id, code=f"7 {shown.said['new_codes'][6]}")


async def keep_codes(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/keep-codes", {"code": facts["code"]})


async def second_factor_is_whole(api: Api, program: Program, facts: Facts) -> None:
    """App, codes and notices at once: who has an app and no codes could be locked out."""
    is_on = (await api.program().sign_in(facts["email"])).state != "done"
    told = [await notices(api, kind, facts["email"]) for kind in ("factor_added", "backup_codes_made")]
    assert [bool(n) for n in told] == [is_on, is_on], told
    assert (await keep_codes(api, program, facts)).status == (410 if is_on else 200)
    asked = await api.program().sign_in(facts["email"])
    assert set(asked.said["choices"]) >= {"totp", "backup_code"}, asked


async def close_account(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.start("close_account")


async def closing_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    closes = (await program.read("account/closing"))["until"] is not None
    assert await notices(api, "account_closing", facts["email"]) == (2 if closes else 0)
    if not closes:
        assert (await close_account(api, program, facts)).state == "waiting"
    assert (await program.read("account/closing"))["until"] is not None
    assert await notices(api, "account_closing", facts["email"]) == 2


async def change_contacts(api: Api, program: Program, facts: Facts) -> Answer:
    friends = [f"{name}-{facts['email']}" for name in ("boris", "clara", "dora")]
    return await program.start("change_contacts", friends=named(*friends), needed=2, all_needed=False)


async def friends_are_invited_together(api: Api, program: Program, facts: Facts) -> None:
    told = await notices(api, "contacts_changing", facts["email"])
    invited = sum(letter.to.endswith(f"-{facts['email']}") for letter in await api.letters() if INVITED in letter.subject)
    assert (told, invited) in {(0, 0), (2, 3)}, "some were asked, or the owner was not told"
    if not told:
        assert (await change_contacts(api, program, facts)).state == "waiting"


SCENARIOS: dict[str, Scenario] = {
    "add_address": Scenario(began_add_address, give_code, address_and_notices_go_together),
    "remove_address": Scenario(has_second_address, remove_address, leaving_and_notices_go_together),
    "set_main_address": Scenario(has_second_address, set_main_address, one_main_address),
    "change_details": Scenario(has_second_address, change_details, details_change_together),
    "end_sessions": Scenario(has_two_sessions, end_sessions, sessions_end_and_are_told),
    "add_number": Scenario(about_to_add_number, give_text_code, number_and_notices_go_together),
    "second_factor": Scenario(shown_backup_codes, keep_codes, second_factor_is_whole),
    "closing": Scenario(has_second_address, close_account, closing_and_notices_go_together),
    "contacts": Scenario(has_second_address, change_contacts, friends_are_invited_together),
}
