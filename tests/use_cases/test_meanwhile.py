"""Between the two transactions of a step the world may change: what was judged before must not be carried out after.

A password is compared and hashed outside of any transaction, so each use case that does it looks again. Here the change comes
exactly there, while the hash is made.
"""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import force_setattr

from tests.doors.api import ANOTHER, PASSWORD, THIRD, Answer, Api

ANNA = "anna@example.com"


class Meanwhile:
    """A hasher under which something else happens, once, while it works."""

    def __init__(self, api: Api, happens: Callable[[], Awaitable[object]]) -> None:
        self._inner = api.parts.services.hasher
        self._happens: Callable[[], Awaitable[object]] | None = happens
        force_setattr(api.parts.services, "hasher", self)

    async def hash(self, password: str) -> str:
        await self._once()
        return await self._inner.hash(password)

    async def verify(self, stored: str, password: str) -> bool:
        right = await self._inner.verify(stored, password)
        await self._once()
        return right

    def needs_rehash(self, stored: str) -> bool:
        return self._inner.needs_rehash(stored)

    def must_have_room(self) -> None:
        self._inner.must_have_room()

    async def _once(self) -> None:
        happens, self._happens = self._happens, None
        if happens is not None:
            await happens()


async def recover(api: Api, new: str) -> Answer:
    program = api.program()
    began = await program.start("recover", identifier=ANNA)
    await program.code(began.flow_id, (await api.newest(ANNA)).code)
    return await program.finish(began.flow_id, new)


@pytest.mark.row("I1")
async def test_a_password_replaced_while_it_is_compared_opens_nothing(api: Api) -> None:
    await api.signed_up(ANNA)
    thief = api.program()
    Meanwhile(api, lambda: recover(api, ANOTHER))
    assert (await thief.sign_in(ANNA, PASSWORD)).problem == "not_proven"
    assert not thief.session


@pytest.mark.row("P6", "R1")
async def test_of_two_new_passwords_at_once_one_is_set(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    change = await owner.start("change_password")
    await owner.password(change.flow_id, PASSWORD)
    Meanwhile(api, lambda: recover(api, ANOTHER))
    late = await owner.finish(change.flow_id, THIRD)
    assert (late.status, late.problem) == (410, "signed_out")
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"


@pytest.mark.row("P6")
async def test_a_flow_that_was_left_meanwhile_changes_nothing(api: Api) -> None:
    owner = await api.signed_up(ANNA)
    change = await owner.start("change_password")
    await owner.password(change.flow_id, PASSWORD)
    before = await api.rows()
    Meanwhile(api, lambda: owner.leave(change.flow_id))
    assert (await owner.finish(change.flow_id, ANOTHER)).problem == "unknown"
    assert await api.rows() == before


@pytest.mark.row("S1")
async def test_an_address_taken_while_a_sign_up_is_finished_stays_with_who_had_it_first(api: Api) -> None:
    elsewhere = api.program()
    slow = await api.program().start("sign_up", email=ANNA, name="Anna", password=PASSWORD)
    await elsewhere.open((await api.newest(ANNA)).link)
    Meanwhile(api, lambda: api.signed_up(ANNA, ANOTHER, name="First"))
    late = await elsewhere.finish(slow.flow_id, PASSWORD)
    assert (late.status, late.problem) == (410, "taken")
    assert (await api.program().sign_in(ANNA, ANOTHER)).state == "done"
    assert (await api.program().sign_in(ANNA, PASSWORD)).problem == "not_proven"
