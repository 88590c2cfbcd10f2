"""Between an outbox row and a mailbox: nothing lost, nothing for nobody, nothing told to the log."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sparekey.adapters.mail.mailbox import DevMailbox
from sparekey.adapters.mail.smtp import SmtpDelivery
from sparekey.domain.accounts import AddressKind
from sparekey.domain.messages import Message, MessageKind
from sparekey.domain.values import replace
from sparekey.use_cases.ports_of_delivery import Delivery, Refused, TryLater
from sparekey.worker import deliver
from sparekey.worker.deliver import (
    ASKED_LAST_FOR,
    AT_ONCE,
    FIRST_WAIT,
    LEASE,
    LONGEST_WAIT,
    WAITS,
    Deliverer,
    plain_reason,
    wait_before_next,
)
from sparekey.worker.run import run
from tests.delivery.conftest import Authority, MailServer
from tests.delivery.memory import Letter, MemoryStore, NoChance, TurnedClock, Way
from tests.messages.samples import TOKEN, message

pytestmark = [pytest.mark.row("R14")]

NOTICE = MessageKind.PASSWORD_CHANGED
CODE = MessageKind.RECOVERY_CODE


def no(error: Exception) -> Callable[[Letter], object]:
    def do(letter: Letter) -> object:
        raise error

    return do


def numbered(n: int, kind: MessageKind = NOTICE, **more: str) -> Message:
    return message(kind, message_id=f"{n:032x}", to=f"reader{n}@mail.example", params=more)


class House:
    """A store, a clock and a deliverer over some ways out."""

    def __init__(self, *mail: Delivery, sms: Sequence[Delivery] = (), seconds: float = 5) -> None:
        self.store, self.clock = MemoryStore(), TurnedClock()
        self.mail, self.sms, self.seconds = mail, sms, seconds
        self.deliverer = self.another()

    def another(self) -> Deliverer:
        return Deliverer(
            self.store,  # type: ignore[arg-type] # an outbox is all that the worker touches
            self.clock,
            NoChance(),
            {AddressKind.EMAIL: self.mail, AddressKind.PHONE: self.sms},
            site_name="Sparekey",
            base_url="https://id.example.com",
            seconds_per_send=self.seconds,
        )

    async def deliver(self) -> None:
        while await self.deliverer.deliver_due():
            pass

    async def wait(self, span: timedelta, step: timedelta = timedelta(seconds=10)) -> None:
        until = self.clock.now() + span
        while self.clock.now() < until:
            self.clock.turn(step)
            await self.deliver()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "MARK_AGAIN", (0.0, 0.0, 0.0))


# ---------------------------------------------------------------- the straight road


async def test_a_message_is_said_sent_and_wiped() -> None:
    way = Way("first")
    house = House(way)
    await house.store.put(numbered(1, CODE))
    assert await house.deliverer.deliver_due() == 1
    (letter,) = way.sent
    assert (letter.to, letter.message_id) == ("reader1@mail.example", f"{1:032x}")
    assert "493 027" in letter.text
    (row,) = house.store.outbox.rows.values()
    assert (row.state, row.provider, row.receipt) == ("delivered", "first", "receipt 1")
    assert (row.message.to, row.message.params) == ("", {})
    assert await house.deliverer.deliver_due() == 0


async def test_no_transaction_is_open_while_a_provider_talks_and_few_serve_many_rows() -> None:
    open_while_sending = []
    house = House(Way("first", lambda letter: open_while_sending.append(house.store.open)))
    await house.store.put(*(numbered(n) for n in range(AT_ONCE)))
    before = house.store.transactions
    assert await house.deliverer.deliver_due() == AT_ONCE
    assert set(house.store.states()) == {"delivered"}
    assert open_while_sending == [0] * AT_ONCE
    assert house.store.transactions - before == 2


async def test_a_text_goes_to_the_phone() -> None:
    mail, phone = Way("mail"), Way("phone")
    house = House(mail, sms=[phone])
    await house.store.put(replace(numbered(1, CODE), channel=AddressKind.PHONE, to="+37120000000"))
    await house.deliver()
    assert [letter.text.splitlines()[-1] for letter in phone.sent] == ["@id.example.com #493027"]
    assert mail.tried == []


# ---------------------------------------------------------------- nobody


@pytest.mark.row("D3")
@pytest.mark.parametrize("kind", MessageKind)
async def test_nothing_is_ever_sent_to_nobody(kind: MessageKind) -> None:
    way = Way("first")
    house = House(way)
    with capture_logs() as lines:
        await house.store.put(replace(numbered(1, kind), void=True))
        await house.deliver()
        await house.wait(timedelta(minutes=10), timedelta(minutes=1))
    assert way.tried == []
    assert house.store.states() == ["void"]
    assert lines == []
    (row,) = house.store.outbox.rows.values()
    assert (row.message.to, row.message.params) == ("", {})
    await house.store.put(numbered(2, kind))  # the same message for somebody is sent: the test can fail
    await house.deliver()
    assert len(way.sent) == 1


# ---------------------------------------------------------------- providers that refuse, stall, fall


@pytest.mark.parametrize("error", [Refused("550 no"), TryLater("451 later"), ConnectionResetError(), ValueError("a bug of ours")])
async def test_the_second_provider_takes_over_at_once(error: Exception) -> None:
    first, second = Way("first", no(error)), Way("second")
    house = House(first, second)
    await house.store.put(numbered(1))
    await house.deliver()
    assert [len(first.tried), len(second.sent)] == [1, 1]
    assert next(iter(house.store.outbox.rows.values())).provider == "second"


async def test_a_provider_that_stalls_is_left_for_the_second_one() -> None:
    first, second = Way("first", lambda letter: asyncio.sleep(60)), Way("second")
    house = House(first, second, seconds=0.05)
    await house.store.put(numbered(1))
    await house.deliver()
    assert [len(first.sent), len(second.sent)] == [0, 1]


async def test_a_provider_that_was_down_is_asked_last_for_a_while_and_first_again_afterwards() -> None:
    first, second = Way("first", no(TryLater("down"))), Way("second")
    house = House(first, second)
    await house.store.put(numbered(1))
    await house.deliver()
    await house.store.put(*(numbered(n) for n in range(2, 30)))
    await house.deliver()
    assert [len(first.tried), len(second.sent)] == [1, 29]
    first.do = lambda letter: None
    house.clock.turn(ASKED_LAST_FOR)
    await house.store.put(numbered(30))
    await house.deliver()
    assert [len(first.sent), len(second.sent)] == [1, 29]


async def test_when_all_refuse_the_message_is_given_up_at_once_and_kept() -> None:
    house = House(Way("first", no(Refused("550 5.1.1 no such user"))), Way("second", no(Refused("554 5.7.1 no"))))
    await house.store.put(numbered(1))
    await house.deliver()
    (row,) = house.store.outbox.rows.values()
    assert (row.state, row.error) == ("dead", "first: 550 5.1.1 no such user; second: 554 5.7.1 no")
    assert row.message.to == "reader1@mail.example"


async def test_a_refusal_beside_an_outage_is_tried_again() -> None:
    house = House(Way("first", no(TryLater("down"))), Way("second", no(Refused("550 no"))))
    await house.store.put(numbered(1))
    await house.deliver()
    assert house.store.states() == ["ready"]


@pytest.mark.row("R10")
async def test_a_long_outage_stretches_the_way_and_loses_nothing() -> None:
    way = Way("first", no(TryLater("down")))
    house = House(way)
    await house.store.put(*(numbered(n) for n in range(120)))
    await house.wait(timedelta(hours=84), timedelta(minutes=10))
    assert house.store.states() == ["ready"] * 120
    assert len(way.tried) < 120 * 30
    way.do = lambda letter: None
    await house.wait(LONGEST_WAIT * 1.25, timedelta(minutes=10))
    assert house.store.states() == ["delivered"] * 120
    assert sorted(letter.to for letter in way.sent) == sorted(f"reader{n}@mail.example" for n in range(120))


async def test_what_is_given_up_after_days_can_be_sent_by_the_operator() -> None:
    way = Way("first", no(TryLater("down")))
    house = House(way)
    await house.store.put(numbered(1))
    await house.wait(timedelta(days=6), timedelta(minutes=30))
    assert house.store.states() == ["dead"]
    assert len(way.tried) == WAITS + 1
    way.do = lambda letter: None
    async with house.store.transaction() as t:
        assert await t.outbox.retry_dead(f"{1:032x}", house.clock.now())
    await house.deliver()
    assert [letter.to for letter in way.sent] == ["reader1@mail.example"]


@pytest.mark.row("D7")
async def test_a_code_that_has_run_out_is_wiped_and_never_sent() -> None:
    way = Way("first", no(TryLater("down")))
    house = House(way)
    await house.store.put(replace(numbered(1, CODE), worthless_at=house.clock.now() + timedelta(minutes=15)))
    await house.wait(timedelta(minutes=14))
    tries = len(way.tried)
    assert tries >= 4  # somebody sits before a page: the first tries come soon
    way.do = lambda letter: None
    house.clock.turn(timedelta(minutes=1))
    await house.wait(timedelta(hours=1))
    assert (len(way.tried), way.sent) == (tries, [])
    (row,) = house.store.outbox.rows.values()
    assert (row.state, row.message.params) == ("expired", {})


def test_the_waits_grow_from_seconds_to_hours_and_end_after_days() -> None:
    waits = [wait_before_next(tries, 0) for tries in range(1, WAITS + 2)]
    assert waits[:4] == [FIRST_WAIT, FIRST_WAIT * 3, FIRST_WAIT * 9, FIRST_WAIT * 27]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert max(known) == LONGEST_WAIT
    assert timedelta(days=4) <= sum(known, timedelta()) <= timedelta(days=5)
    assert wait_before_next(1, 1.0) == FIRST_WAIT * 1.25
    assert wait_before_next(10_000, 0) is None


async def test_a_channel_without_a_provider_says_so_to_the_operator() -> None:
    house = House(Way("mail"))
    await house.store.put(replace(numbered(1, CODE), channel=AddressKind.PHONE))
    await house.deliver()
    assert [row.error for row in house.store.outbox.rows.values()] == ["no way out is set up for phone"]


async def test_a_message_that_cannot_be_said_stops_no_other() -> None:
    way = Way("first")
    house = House(way)
    await house.store.put(numbered(1, CODE, code="not a code 493027"), numbered(2, CODE, extra="canary"), numbered(3))
    with capture_logs() as lines:
        await house.deliver()
    assert house.store.states() == ["dead", "dead", "delivered"]
    errors = [row.error for row in house.store.outbox.rows.values()]
    assert errors[0] == "cannot be written: recovery_code: unusable code"
    assert "extra" in errors[1]
    assert not re.search("493027|canary", str(lines) + str(errors))


# ---------------------------------------------------------------- crashes, and the database away


@pytest.mark.row("O2")
async def test_a_crash_between_sending_and_marking_sends_the_same_message_again() -> None:
    way = Way("first")
    house = House(way)
    await house.store.put(numbered(1))
    batch = await house.deliverer.claim()
    task = asyncio.create_task(house.deliverer.deliver(batch))
    await until(lambda: bool(way.sent))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if house.store.states() == ["delivered"]:
        pytest.fail("the crash came too late to show anything")
    restarted = house.another()
    assert await restarted.deliver_due() == 0  # its lease still runs
    house.clock.turn(LEASE)
    assert await restarted.deliver_due() == 1
    assert [letter.message_id for letter in way.sent] == [f"{1:032x}"] * 2
    assert way.sent[0] == way.sent[1]
    assert house.store.states() == ["delivered"]


async def test_what_was_sent_is_marked_when_the_database_comes_back_and_not_sent_again() -> None:
    way = Way("first")
    house = House(way)
    await house.store.put(numbered(1))
    batch = await house.deliverer.claim()
    house.store.away = 3
    await house.deliverer.deliver(batch)
    house.clock.turn(LEASE)
    await house.deliver()
    assert (len(way.sent), house.store.states()) == (1, ["delivered"])


async def test_two_workers_send_each_message_once() -> None:
    way = Way("first", lambda letter: asyncio.sleep(0))
    house = House(way)
    other = house.another()
    await house.store.put(*(numbered(n) for n in range(175)))
    while any(await asyncio.gather(house.deliverer.deliver_due(), other.deliver_due())):
        pass
    assert len(way.sent) == len({letter.message_id for letter in way.sent}) == 175


async def test_what_cannot_be_sent_within_its_lease_is_left_for_the_next_claim() -> None:
    way = Way("first", lambda letter: house.clock.turn(timedelta(seconds=20)))
    house = House(way, seconds=30)
    await house.store.put(*(numbered(n) for n in range(20)))
    await house.deliverer.deliver_due()
    assert 0 < len(way.sent) < 20
    await house.wait(timedelta(minutes=30), timedelta(minutes=1))
    assert len(way.sent) == len({letter.message_id for letter in way.sent}) == 20


# ---------------------------------------------------------------- what is not told


@pytest.mark.row("D7")
async def test_a_mail_holds_only_its_own_code(tmp_path: Path) -> None:
    house = House()
    box = DevMailbox(tmp_path, mail_from="", sender_name="Sparekey", host="localhost", clock=house.clock)
    house.mail = (box,)
    house.deliverer = house.another()
    codes = {f"reader{n}@mail.example": f"{700_000 + n * 911:06}" for n in range(60)}
    kinds = [CODE, MessageKind.SIGN_UP_CODE, MessageKind.ADDRESS_CODE, NOTICE]
    for n, code in enumerate(codes.values()):
        kind = kinds[n % 4]
        await house.store.put(numbered(n, kind, **({} if kind is NOTICE else {"code": code, "link": f"token{n:04}" * 4})))
    await house.deliver()
    letters = box.list()
    assert len(letters) == 60
    for letter in letters:
        everything = re.sub(r"[\s ]", "", letter.subject + letter.text + letter.html)
        held = {code for code in codes.values() if code in everything}
        tokens = set(re.findall(r"/l/(token\d{4})", everything))
        n = int(letter.to.removeprefix("reader").partition("@")[0])
        assert held == (set() if kinds[n % 4] is NOTICE else {codes[letter.to]})
        assert tokens == (set() if kinds[n % 4] is NOTICE else {f"token{n:04}"})


CHATTY = (
    f"550 5.7.1 <Reader1@mail.example> your message '493 027 493027 {TOKEN} https://id.example.com/l/{TOKEN}'"
    " to reader1@mail.example\r\nwas refused"
)


@pytest.mark.row("D7", "O5")
@pytest.mark.parametrize("error", [Refused(CHATTY), TryLater(CHATTY), RuntimeError(CHATTY)])
async def test_neither_log_nor_error_column_tells_address_code_or_link(error: Exception) -> None:
    house = House(Way("first", no(error)), Way("second", no(error)))
    await house.store.put(numbered(1, CODE))
    with capture_logs() as lines:
        await house.deliver()
    (row,) = house.store.outbox.rows.values()
    told = str(lines) + row.error
    assert lines
    assert not re.search(rf"(?i)reader1|mail\.example|493|027|{TOKEN}|id\.example", told)
    assert isinstance(error, RuntimeError) or "550 5.7.1" in row.error
    assert re.search(r"(?i)reader1", str(error))  # it was there to be told


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <a@b.example>: no such user", "550 5.1.1 … no such user"),
        ("400 21211 The 'To' number +37120000000 is not valid", "400 21211 The 'To' number … is not valid"),
        (
            "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 25)",
            "ConnectionRefusedError: [Errno … Connect call failed … …",
        ),
        ("", "Refused"),
        ("x" * 500, "x" * 200),
        ("550 493027 was your code", "550 … was your code"),
    ],
)
def test_what_a_provider_says_keeps_its_numbers_and_words_only(said: str, kept: str) -> None:
    assert plain_reason(Refused(said)) == kept


# ---------------------------------------------------------------- the loop


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is what the loop under test did, and it tells nobody
            await asyncio.sleep(0)


async def test_the_loop_outlives_a_database_that_is_away_and_ends_when_told() -> None:
    way = Way("first")
    house = House(way)
    stop, wake = asyncio.Event(), asyncio.Event()
    await house.store.put(numbered(1))
    house.store.away = 1
    with capture_logs() as lines:
        task = asyncio.create_task(run(house.deliverer, stop, wake))
        await until(lambda: len(way.sent) == 1)
    assert lines[0]["event"] == "outbox.not_claimed"
    await until(lambda: house.store.states() == ["delivered"])
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_a_stalled_text_provider_holds_up_no_mail() -> None:
    release = asyncio.Event()
    mail, phone = Way("mail"), Way("phone", lambda letter: release.wait())
    house = House(mail, sms=[phone])
    stop, wake = asyncio.Event(), asyncio.Event()
    await house.store.put(*(replace(numbered(n, CODE), channel=AddressKind.PHONE) for n in range(30)))
    task = asyncio.create_task(run(house.deliverer, stop, wake))
    await until(lambda: len(phone.tried) > 0)
    await house.store.put(numbered(100))
    wake.set()
    await until(lambda: len(mail.sent) == 1)
    assert phone.sent == []
    stop.set()
    release.set()
    await asyncio.wait_for(task, 10)
    assert len(phone.sent) == 30
    assert set(house.store.states()) == {"delivered"}


# ---------------------------------------------------------------- with a real server


async def test_through_a_real_server_with_a_dead_one_before_it(
    mail_server: Callable[[str], MailServer], authority: Authority, dead_port: int
) -> None:
    server = mail_server("starttls")
    clock = TurnedClock()

    def smtp(port: int) -> SmtpDelivery:
        return SmtpDelivery(
            f"smtp://site:pass%3Aword%2F%C3%A4@127.0.0.1:{port}",
            mail_from="accounts@shop.example",
            sender_name="Shop",
            host="id.shop.example",
            clock=clock,
            ca_file=authority.ca_file,
        )

    house = House(smtp(dead_port), smtp(server.port))
    await house.store.put(*(numbered(n, CODE, code=f"{n:06}") for n in range(12)), replace(numbered(12), to="gone@mail.example"))
    with capture_logs() as lines:
        await house.deliver()
        await house.wait(timedelta(minutes=5))
    got = {letter["To"]: next(letter.iter_parts()).get_content() for letter in server.letters()}
    assert len(server.letters()) == 12
    for n in range(12):
        assert f"000 {n:03}" in got[f"reader{n}@mail.example"]
    gone = house.store.outbox.rows[f"{12:032x}"]
    assert gone.state == "ready"  # the dead server might have taken it
    assert "550 5.1.1 … no such user …" in gone.error
    assert not re.search("gone@|493027", str(lines) + gone.error)
