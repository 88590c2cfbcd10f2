"""Killed while messages are delivered, or while the keys are rotated."""

from sparekey.adapters.crypto.keys import keys_path, read_keys_file, rotate_keys_file
from tests.attacks.crash.recovery import began_recovery
from tests.attacks.crash.scenario import Facts, Scenario, has_account
from tests.doors.api import Api, Program


async def has_mail_waiting(api: Api, program: Program, facts: Facts) -> None:
    await has_account(api, program, facts)
    await api.letters()
    facts["letters"] = len(await api.letters(facts["email"]))
    assert (await api.program().sign_in(facts["email"])).state == "done"


async def deliver(api: Api, program: Program, facts: Facts) -> object:
    return await api.parts.deliverer.deliver_due()


async def mail_arrives(api: Api, program: Program, facts: Facts) -> None:
    """At least once; the same message twice is one letter."""
    assert len(await api.letters(facts["email"])) == facts["letters"] + 1
    owner = Program(api.http, session=facts["session"])
    assert {m["state"] for m in (await owner.read("account/messages"))["messages"]} == {"delivered"}


async def rotate_keys(api: Api, program: Program, facts: Facts) -> object:
    return rotate_keys_file(keys_path(api.settings.storage), api.clock.now(), pause=lambda: None)


async def all_opens_with_the_keys_that_are_left(api: Api, program: Program, facts: Facts) -> None:
    """What was hashed and sealed before; and a rotation can be made anew."""
    ring = read_keys_file(keys_path(api.settings.storage))
    assert len({key.id for key in ring}) == len(ring)
    assert (await program.code(facts["flow"], facts["code"])).state == "allowed"
    assert await Program(api.http, session=facts["session"]).is_signed_in(), "made under a key that is gone"
    await rotate_keys(api, program, facts)
    assert (await api.program().sign_in(facts["email"])).state == "done"


SCENARIOS: dict[str, Scenario] = {
    "keys_rotate": Scenario(began_recovery, rotate_keys, all_opens_with_the_keys_that_are_left),
    "delivery": Scenario(has_mail_waiting, deliver, mail_arrives),
}
