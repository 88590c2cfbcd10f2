"""Somebody with one of the enrolments of ``tests/graph/enrolments.py``, enrolled through the doors; and a town to which one can go back.

Two wallets hold what there may be two of. Everything is named by the words of the enrolment.
"""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Final

from typing_extensions import override

from sparekey.adapters.sql.connection import Statement
from sparekey.bootstrap import SQLITE_FILE
from sparekey.domain.accounts import AccountId
from sparekey.domain.factors import FactorKind
from sparekey.domain.values import Struct, field, replace
from tests.attacks.wallet import Town, Wallet, _numbers, town
from tests.doors.api import Answer, Program
from tests.doors.friends import INVITED, WAIT, ask, go_on, token_of, type_phrase
from tests.graph.enrolments import PIECES, Enrolment
from tests.social.stand_ins import Person
from tests.social.world import details

SPEND_NINE: Final = Statement("update backup_code set spent_at = 1 where account_id = :account_id and number > 1")

SECOND_OF: Final = {f"{w}2": w for w in ("number", "sms", "totp", "phone", "passkey", "key")} | {"social_at_mailbox": "social"}
"""What the second wallet holds, by what it calls it."""

ORDER: Final = ("password", *PIECES)


class Enrolled(Wallet, kw_only=True):
    """``second``: holds the second number, authenticator, phone, passkey and key, and the account elsewhere that is the mailbox.
    ``ids``: the factors of the account, by word."""

    one: Enrolment = field(default_factory=lambda: Enrolment("shop", frozenset()))
    second: Wallet
    ids: dict[str, str] = field(default_factory=dict)
    friends: list[str] = field(default_factory=list)

    # ------------------------------------------------------------ enrolling

    async def begin(self) -> None:
        """The account, with its password or the account elsewhere with which it begins."""
        if self.one.password:
            await self.sign_up(elsewhere=False)
            self.second.password = self.password
        else:
            await self._sign_up_elsewhere("social" if "social" in self.one.has else "social_at_mailbox")
        self.second.account_id = self.account_id
        await self._learn("mailbox", "password")

    async def _sign_up_elsewhere(self, word: str) -> None:
        wallet = self.second if word in SECOND_OF else self
        began = await self.home.start("sign_in_social", provider="oidc")
        came = await wallet._back_from(self.home, began)
        done = await details(self.home, came.flow_id, "Anna", self.email)
        if done.state != "done":
            done = await self.home.code(done.flow_id, await self._code_to(self.email))
        assert done.state == "done", done
        self.account_id = AccountId(done.said["session"]["account_id"])
        await self._learn(word)

    async def enrol_all(self, *, young: bool) -> None:
        """What is young, or what is not; the paper comes by itself with the first second factor."""
        words = [w for w in PIECES if w in self.one.has and (w in self.one.young) is young and w not in self.ids]
        for word in words:
            if word not in {"codes", "remembered", "contacts"}:
                await self.enrol(word)
        if young and "codes" in self.one.young and "codes" in self.ids:
            await self.renew_paper()
        if young and "codes" in self.ids and "codes" not in self.one.has:
            await self.use_up_paper()
        if young and "remembered" in self.one.has:
            await self.come_home(remember=True)
        if "contacts" in words:
            await self.invite()  # the last, for a change of the paper ends whatever else is open

    @override
    async def enrol(self, word: str) -> None:
        held, wallet = SECOND_OF.get(word, word), self.second if word in SECOND_OF else self
        began = await self.home.call("POST", "/api/v1/flows", {"flow": self._wants(word)})
        assert began.status == 201, (word, began)
        allowed = await self.meet(self.home, began, self.one.words & {*self.ids, "codes"})
        assert allowed.state == "allowed", (word, allowed)
        if word == "mail":
            wallet = replace(self, second_email=self._mailbox_of(self.one.chosen_mailbox))
        done = await wallet.finish_enrolling(allowed, held)
        self.codes = wallet.codes or self.codes
        assert done.state == "done", (word, done)
        if wallet.app is not None:
            wallet.read.add(wallet.app.code())  # typed when it was added, and good once
        await self._learn(word, "codes")

    def _wants(self, word: str) -> dict[str, str]:
        match word:
            case "number" | "number2":
                return {"action": "add_address", "phone": self.number if word == "number" else self.second.number}
            case "second_mailbox":
                return {"action": "add_address", "email": self.second_email}
            case "social" | "social_at_mailbox":
                return {"action": "link_social", "provider": "oidc"}
            case "sms" | "sms2" | "mail":
                address = {"sms": "number", "sms2": "number2", "mail": self.one.chosen_mailbox}[word]
                return {"action": "add_factor", "factor": "email" if word == "mail" else "sms", "address_id": self.ids[address]}
            case _:
                return {"action": "add_factor", "factor": PIECES[word].value, "label": word}

    async def _learn(self, *words: str) -> None:
        """Which factors of the account these are."""
        account = await self.account()
        for word in words:
            found = [f for f in account.factors() if f.factor_id not in self.ids.values() or word == "codes"]
            match word:
                case "mailbox" | "second_mailbox" | "number" | "number2":
                    found = [f for f in found if f.thing.name.endswith(self._mailbox_of(word).removeprefix("+"))]
                case "password":
                    found = [f for f in found if f.kind is FactorKind.PASSWORD]
                case _:
                    found = [f for f in found if f.kind is PIECES[word] and f in account.enrolled]
            if found:
                self.ids[word] = found[-1].factor_id

    def _mailbox_of(self, word: str) -> str:
        return {"mailbox": self.email, "second_mailbox": self.second_email, "number": self.number, "number2": self.second.number}[word]

    async def renew_paper(self) -> None:
        allowed = await self.meet(self.home, await self.home.start("renew_backup_codes"), self.one.words & {*self.ids})
        self.codes = [f"{number} {code}" for number, code in enumerate(allowed.said["new_codes"], 1)]
        assert (await self._step(self.home, allowed, "keep-codes", code=self.codes[6])).state == "done"
        self.ids.pop("codes")
        await self._learn("codes")

    async def use_up_paper(self) -> None:
        """Nine codes are spent in the database; the last one at the door."""
        async with self.api.parts.database.transaction() as connection:
            await connection.run(SPEND_NINE, account_id=self.account_id)
        self.codes = self.codes[:1]
        program = self.town.stranger()
        began = await self.begin_sign_in(program, {"password", "codes"} if self.one.password else {"social", "social_at_mailbox", "codes"})
        done = await self.meet(program, began, {"codes"})
        assert done.state == "done", done
        self.codes = []

    async def invite(self) -> None:
        """Friends who all say yes; they are on the account once three days have passed (``friends_wait``)."""
        needed, of = self.one.friends
        self.friends = [f"friend{n}-of-{self.email}" for n in range(of)]
        began = await self.meet(self.home, await self._list(needed), self.one.words & {*self.ids})
        assert began.state == "waiting", began
        for friend in self.friends:
            letter = [m for m in await self.town.mails() if m.to == friend and INVITED in m.subject][-1]
            said = await self.api.program().call("POST", "/api/v1/contacts/accept", {"token": token_of(letter), "accept": True})
            assert said.status == 204, said

    async def _list(self, needed: int) -> Answer:
        friends = [{"name": f"Friend {n}", "email": email} for n, email in enumerate(self.friends)]
        return await self.home.start("change_contacts", friends=friends, needed=needed, all_needed=needed == len(friends))

    # ------------------------------------------------------------ signing in

    @override
    async def has(self) -> tuple[str, ...]:
        return tuple(w for w in ORDER if w in self.one.words)

    async def begin_sign_in(self, program: Program, words: Collection[str]) -> Answer:
        """By the first thing that signs in, among these."""
        if "password" in words:
            return await program.sign_in(self.email, self.password)
        if social := [w for w in ("social", "social_at_mailbox") if w in words and w in self.ids]:
            wallet = self.second if social[0] in SECOND_OF else self
            return await wallet._back_from(program, await program.start("sign_in_social", provider="oidc"))
        if passkey := [w for w in ("passkey", "passkey2") if w in words]:
            return await (self.second if passkey[0] in SECOND_OF else self).passkey_alone(program)
        return await program.start("sign_in", identifier=self.email, by="email")

    async def come_home(self, *, remember: bool = False) -> None:
        began = await self.begin_sign_in(self.home, self.one.words)
        done = await self.meet(self.home, began, self.one.words, remember_device=remember) if began.state == "asking" else began
        assert done.state == "done", done

    @override
    async def sign_in_at_home(self) -> None:
        await self.come_home()

    # ------------------------------------------------------------ answering

    @override
    async def meet(self, program: Program, flow: Answer, holds: Collection[str], *, remember_device: bool = False) -> Answer:
        left, again = [w for w in ORDER if w in holds], True
        while again and flow.state in {"asking", "waiting"}:
            again = False
            for word in left:
                answered = await self.show(program, flow, word, remember_device=remember_device)
                if answered is not None and answered.status == 200:
                    flow, again = answered, True
                    left.remove(word)
                    break
        return flow

    @override
    async def show(self, program: Program, flow: Answer, held: str, *, remember_device: bool = False) -> Answer | None:
        match held:
            case "sms" | "sms2" if held.replace("sms", "number") in self.ids:
                held = held.replace("sms", "number")
            case "mail":
                held = self.one.chosen_mailbox
            case "contacts":
                return await self._friends_help(program, flow)
            case _:
                pass
        if held in SECOND_OF:
            return await self.second.show(program, flow, SECOND_OF[held], remember_device=remember_device)
        return await super().show(program, flow, held, remember_device=remember_device)

    async def _friends_help(self, program: Program, flow: Answer) -> Answer | None:
        asked = await ask(program, flow.flow_id)
        if asked.status != 200 or not asked.said.get("friends"):
            return None
        phrase = asked.said["friends"]["phrase"]
        for friend in self.friends[: self.one.friends[0]]:
            letters = [m for m in await self.town.mails() if m.to == friend and "/f/" in m.text]
            if not letters or (await type_phrase(self.api, token_of(letters[-1]), phrase)).status != 204:
                return None
        return await go_on(program, flow.flow_id)

    def reads(self, holds: Collection[str]) -> set[str]:
        return {self._mailbox_of(w) for w in ("mailbox", "second_mailbox", "number", "number2") if w in holds}


# ---------------------------------------------------------------- a town with many of them


class _Pocket(Struct, frozen=True):
    """What changes of a person while time passes."""

    password: str
    codes: tuple[str, ...]
    read: frozenset[str]
    second_read: frozenset[str]
    session: str
    device: str
    remembered: str
    flow_tokens: dict[str, str]


class Quarter(Struct):
    """Some people in one town, as they were at one moment; ``go_back`` makes everything as it was then."""

    town: Town
    people: Sequence[Enrolled]
    file: Path
    saved: Path
    at: datetime | None = None
    pockets: list[_Pocket] = field(default_factory=list)

    def save(self) -> None:
        with closing(sqlite3.connect(self.file)) as live, closing(sqlite3.connect(self.saved)) as kept:
            live.backup(kept)
        self.at = self.town.api.clock._now
        self.pockets = [
            _Pocket(
                p.password, tuple(p.codes), frozenset(p.read), frozenset(p.second.read),
                p.home.session, p.home.device, p.home.remembered, dict(p.home.flow_tokens),
            )
            for p in self.people
        ]  # fmt: skip

    async def go_back(self) -> None:
        await self.town.throw_mails_away()
        with closing(sqlite3.connect(self.saved)) as kept, closing(sqlite3.connect(self.file)) as live:
            kept.backup(live)
        assert self.at is not None
        self.town.api.clock._now = self.at
        for person, was in zip(self.people, self.pockets, strict=True):
            person.password = person.second.password = was.password
            person.codes, person.read, person.second.read = [*was.codes], {*was.read}, {*was.second_read}
            home = person.home
            home.session, home.device, home.remembered, home.flow_tokens = was.session, was.device, was.remembered, dict(was.flow_tokens)
            person.second.home = home


async def settle(there: Town, some: Iterable[Enrolment]) -> list[Enrolled]:
    """People with these enrolments, signed in at home; 31 days between what is settled and what is young."""
    people = [_newcomer(there, one) for one in some]
    for person in people:
        await person.begin()
        await person.enrol_all(young=False)
    await _friends_wait(there, people)
    there.api.clock.wait(days=31)
    for person in people:
        if person.one.young or ("codes" in person.ids and "codes" not in person.one.has):
            await person.come_home()
            await person.enrol_all(young=True)
    await _friends_wait(there, [p for p in people if "contacts" in p.one.young])
    for person in people:
        await person.come_home()
    there.api.clock.wait(minutes=20)  # none of the proofs of these sessions is fresh
    await there.throw_mails_away()
    return people


async def _friends_wait(there: Town, people: Iterable[Enrolled]) -> None:
    if any(p.friends for p in people):
        await there.pass_hours(WAIT)
        for person in people:
            if person.friends:
                await person._learn("contacts")
                assert "contacts" in person.ids


def _newcomer(there: Town, one: Enrolment) -> Enrolled:
    n = next(_numbers)
    home = there.at_home()
    second = Wallet(there, f"person{n}@example.com", f"person{n}@second.example", f"+7926{n:07d}", home=home)
    person = Enrolled(there, f"person{n}@example.com", f"person{n}@second.example", f"+7916{n:07d}", home=home, second=second, one=one)
    person.who = Person(subject=f"subject-{n}", email="", verified=False, name="Anna")
    second.who = Person(subject=f"subject-{n}-at-mailbox", email=person.email, verified=True, name="Anna")
    return person


@asynccontextmanager
async def quarter(data_dir: Path, migrated_sqlite: Path, some: Sequence[Enrolment], **settings: str) -> AsyncIterator[Quarter]:
    """``some``: all of one profile."""
    async with town("", data_dir, migrated_sqlite, profile=some[0].profile, **settings) as there:
        made = Quarter(there, await settle(there, some), data_dir / SQLITE_FILE, data_dir / "saved.db")
        made.save()
        yield made
