"""On PostgreSQL, writes whose outcome nobody waits for are sent together. Reads must never notice."""

import itertools
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparekey.domain.sessions import KnownDevice
from tests.contracts.stores import CHANCE, NOW, Held, new_account

SUBJECTS = ("anna", "ben")
DAY = 20_000
numbers = itertools.count()


@dataclass
class Model:
    """Guess counters as they should be."""

    today: dict[str, int] = field(default_factory=dict)

    def count_one(self, subject: str) -> int:
        self.today[subject] = self.today.get(subject, 0) + 1
        return self.today[subject]

    def take_back(self, subject: str) -> None:
        if self.today.get(subject, 0) > 0:
            self.today[subject] -= 1


STEP = st.tuples(st.sampled_from(["count", "take_back", "read", "device"]), st.sampled_from(SUBJECTS))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transactions=st.lists(st.lists(STEP, max_size=8), max_size=5))
async def test_every_read_sees_every_write_before_it(at: Held, transactions: list[list[tuple[str, str]]]) -> None:
    model, lane = Model(), f"lane{next(numbers)}"
    for steps in transactions:
        async with at.store.transaction() as tx:
            for what, subject in steps:
                match what:
                    case "count":
                        assert (await tx.guesses.count_one(subject, lane, DAY)).today == model.count_one(subject)
                    case "take_back":
                        await tx.guesses.take_back(subject, lane, DAY)
                        model.take_back(subject)
                    case "device":
                        device = KnownDevice(CHANCE.new_id(NOW), new_account().account_id, NOW, NOW, "agent")
                        token = CHANCE.token().encode()
                        await tx.devices.add(device, token)
                        assert await tx.devices.find(token, device.account_id) == device
                    case _:
                        assert (await tx.guesses.read(subject, lane, DAY)).today == model.today.get(subject, 0)
    async with at.store.transaction() as tx:
        for subject in SUBJECTS:
            assert (await tx.guesses.read(subject, lane, DAY)).today == model.today.get(subject, 0)


async def test_what_was_gathered_falls_with_its_transaction(at: Held) -> None:
    device = KnownDevice(CHANCE.new_id(NOW), new_account().account_id, NOW, NOW, "agent")
    try:
        async with at.store.transaction() as tx:
            await tx.guesses.count_one("anna", "password", DAY)
            await tx.devices.add(device, b"token")
            await tx.guesses.take_back("anna", "password", DAY)
            raise LookupError
    except LookupError:
        pass
    assert await at.count("guess") == 0
    assert await at.count("device") == 0
