"""Killed in the middle of a wait, a cancel, a dispute, an undo, or when an account freezes."""

import asyncio
from datetime import timedelta

from sparekey.adapters.sql.connection import Statement
from sparekey.domain.values import replace
from sparekey.worker.waits import look_at_waits
from tests.attacks.crash.account import change_details
from tests.attacks.crash.scenario import Facts, Scenario, by_text, has_account, notices
from tests.doors.api import PASSWORD, Answer, Api, Program
from tests.doors.waits import disown_token


async def shown_number(api: Api, program: Program, facts: Facts) -> None:
    """An account with a mailbox and a number, and a recovery that has shown the number: what is next is a wait of 72 hours."""
    owner = await api.signed_up(facts["email"])
    facts["number"] = f"+37120{int(facts['email'][:12], 16) % 10**6:06}"
    began = await owner.start("add_address", phone=facts["number"])
    assert (await by_text(api, owner, began.flow_id)).state == "done"
    async with api.parts.database.transaction() as connection:
        await connection.run(Statement("update address set added_at = 1 where value = :value"), value=facts["number"])
    began = await program.start("recover", identifier=facts["number"])
    assert (await by_text(api, program, began.flow_id)).state == "asking"
    facts.update(flow=began.flow_id, session=owner.session, device=owner.device)


async def begin_wait(api: Api, program: Program, facts: Facts) -> object:
    return await program.call("POST", f"/api/v1/flows/{facts['flow']}/nothing-more")


async def wait_and_notices_go_together(api: Api, program: Program, facts: Facts) -> None:
    waits = (await program.show(facts["flow"])).state == "waiting"
    told = [await notices(api, kind, facts["email"]) for kind in ("recovery_waiting", "recovery_status")]
    assert told == ([2, 1] if waits else [0, 0]), f"waits: {waits}, notices: {told}"
    assert (await begin_wait(api, program, facts)).state == "waiting"  # type: ignore[attr-defined]
    assert [await notices(api, kind, facts["email"]) for kind in ("recovery_waiting", "recovery_status")] == [2, 1]


async def wait_nearly_over(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    async with api.parts.services.store.transaction() as tx:
        flow = await tx.flows.get_for_step(facts["flow"])
        assert flow is not None
        assert flow.waiting is not None
        near = replace(flow.waiting, credited=flow.waiting.length, counted=3, looked_at=flow.waiting.looked_at - timedelta(hours=1))
        await tx.flows.save(replace(flow, waiting=near))


async def look_at_wait(api: Api, program: Program, facts: Facts) -> object:
    return await look_at_waits(api.parts.services, asyncio.Event())


async def wait_ends_once(api: Api, program: Program, facts: Facts) -> None:
    over = (await program.show(facts["flow"])).state == "allowed"
    assert await notices(api, "recovery_ready", facts["email"]) == int(over)
    await look_at_wait(api, program, facts)
    assert (await program.show(facts["flow"])).state == "allowed"
    assert await notices(api, "recovery_ready", facts["email"]) == 1


async def has_notice(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    assert (await api.program().sign_in(facts["email"])).state == "done"
    facts["notice"] = disown_token(await api.newest(facts["email"]))


async def press_notice(api: Api, program: Program, facts: Facts) -> Answer:
    return await program.call("POST", "/api/v1/notices/disown", {"token": facts["notice"]})


async def has_been_robbed(api: Api, program: Program, facts: Facts) -> None:
    """A thief changed the name and added a mailbox; the notice of the sign-in is in the mailbox of the owner."""
    await api.signed_up(facts["email"])
    thief = api.program()
    assert (await thief.sign_in(facts["email"])).state == "done"
    facts["notice"] = disown_token(await api.newest(facts["email"]))
    assert (await change_details(api, thief, facts)).state == "done"
    began = await thief.start("add_address", email=facts["second"])
    assert (await thief.code(began.flow_id, (await api.newest(facts["second"])).code)).state == "done"
    facts["thief"] = thief.session


async def undone_as_one(api: Api, program: Program, facts: Facts) -> None:
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{facts['email']}")
    is_undone = account.name == "Anna"
    assert len(account.addresses) == (1 if is_undone else 2)
    assert (account.user_name, account.password_hash).count("") == (2 if is_undone else 0)
    assert await Program(api.http, session=facts["thief"]).is_signed_in() != is_undone
    assert bool(await notices(api, "changes_undone", facts["email"])) is is_undone
    assert (await press_notice(api, program, facts)).status == (404 if is_undone else 200)
    assert not await Program(api.http, session=facts["thief"]).is_signed_in()
    assert (await api.program().sign_in(facts["email"])).status == 401


async def freeze_is_whole(api: Api, program: Program, facts: Facts) -> None:
    living = await Program(api.http, session=facts["session"]).is_signed_in()
    assert await notices(api, "account_frozen", facts["email"]) == int(not living)
    assert (await press_notice(api, program, facts)).status == (200 if living else 404)
    assert not await Program(api.http, session=facts["session"]).is_signed_in()
    assert (await api.program().sign_in(facts["email"])).status == 401, "whoever signed in knew the password, so it is void"
    assert await notices(api, "account_frozen", facts["email"]) == 1


async def about_to_cancel(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    facts["recovery"] = facts["flow"]
    program.session, program.device = facts["session"], facts["device"]
    began = await program.start("cancel_recovery", flow_id=facts["flow"])
    assert began.state == "asking"
    facts["flow"] = began.flow_id


async def cancel(api: Api, program: Program, facts: Facts) -> object:
    return await program.password(facts["flow"], PASSWORD)


async def cancel_is_whole(api: Api, program: Program, facts: Facts) -> None:
    cancelled = (await program.show(facts["recovery"])).state == "ended"
    assert await notices(api, "recovery_cancelled", facts["email"]) == (2 if cancelled else 0)
    assert (await cancel(api, program, facts)).status == (410 if cancelled else 200)  # type: ignore[attr-defined]
    assert (await program.show(facts["recovery"])).said["ended"] == "cancelled"
    assert await notices(api, "recovery_cancelled", facts["email"]) == 2


async def about_to_object(api: Api, program: Program, facts: Facts) -> None:
    await shown_number(api, program, facts)
    await begin_wait(api, program, facts)
    facts["notice"] = disown_token(await api.newest(facts["email"]))


async def is_disputed(api: Api, facts: Facts) -> bool:
    """As the account says, and as the dispute itself says: never only one of them."""
    async with api.parts.services.store.transaction() as tx:
        account = await tx.accounts.find_by_key(f"email:{facts['email']}")
        dispute = await tx.disputes.open_of(account.account_id)
    assert (account.disputed_at is not None) is (dispute is not None)
    return dispute is not None


async def dispute_is_whole(api: Api, program: Program, facts: Facts) -> None:
    disputed = await is_disputed(api, facts)
    assert await notices(api, "account_disputed", facts["email"]) == (2 if disputed else 0)
    assert (await program.show(facts["flow"])).said["objected"] is disputed
    assert (await press_notice(api, program, facts)).status == (404 if disputed else 200)
    assert await is_disputed(api, facts)
    assert await notices(api, "account_disputed", facts["email"]) == 2


async def dispute_nearly_weighed(api: Api, program: Program, facts: Facts) -> None:
    """One thing against one: a tie."""
    await about_to_object(api, program, facts)
    assert (await press_notice(api, program, facts)).said["disputed"]
    async with api.parts.services.store.transaction() as tx:
        dispute = await tx.disputes.open_of((await tx.accounts.find_by_key(f"email:{facts['email']}")).account_id)
        assert dispute is not None
        before = dispute.waiting
        near = replace(before, credited=before.length, counted=3, looked_at=before.looked_at - timedelta(hours=1))
        await tx.disputes.save(replace(dispute, waiting=near))


async def weighed_once(api: Api, program: Program, facts: Facts) -> None:
    weighed = (await program.show(facts["flow"])).state == "referred"
    assert await notices(api, "dispute_over", facts["email"]) == (2 if weighed else 0)
    assert await is_disputed(api, facts), "a tie holds what is held"
    await look_at_wait(api, program, facts)
    assert (await program.show(facts["flow"])).state == "referred"
    assert await notices(api, "dispute_over", facts["email"]) == 2


SCENARIOS: dict[str, Scenario] = {
    "undo": Scenario(has_been_robbed, press_notice, undone_as_one),
    "wait_begins": Scenario(shown_number, begin_wait, wait_and_notices_go_together),
    "wait_ends": Scenario(wait_nearly_over, look_at_wait, wait_ends_once),
    "freeze": Scenario(has_notice, press_notice, freeze_is_whole),
    "cancel": Scenario(about_to_cancel, cancel, cancel_is_whole),
    "dispute_opens": Scenario(about_to_object, press_notice, dispute_is_whole),
    "dispute_is_weighed": Scenario(dispute_nearly_weighed, look_at_wait, weighed_once),
}
