"""A person with everything: an account with any second factors, and all that answers its questions. Thieves get some of it.

Everything is enrolled through the doors, in a browser at home. What may be held, by the words of ``HELD``: the password, the mailbox,
a second mailbox, a number, an authenticator, backup codes, a passkey, a security key, a phone that approves, an account elsewhere, and the
cookie of a remembered device.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from msgspec.structs import force_setattr

from sparekey.bootstrap import dev_mailbox, dev_phone
from sparekey.domain.accounts import NOBODY_ID, Account, AccountId
from sparekey.domain.factors import Factor, FactorKind
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import Session
from sparekey.domain.values import Struct, field
from sparekey.worker.waits import look_at_waits
from tests.attacks.people import HOME, at
from tests.doors.api import Answer, Api, Letter, Program, served
from tests.doors.second_factors import App
from tests.social.stand_ins import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn, Person, allow, running
from tests.social.world import bring, details, go
from tests.soft_key import SoftKey
from tests.soft_phone import SoftPhone

KINDS: Final = {
    "password": FactorKind.PASSWORD,
    "mailbox": FactorKind.EMAIL,
    "second_mailbox": FactorKind.EMAIL,
    "number": FactorKind.SMS,
    "totp": FactorKind.TOTP,
    "codes": FactorKind.BACKUP_CODE,
    "passkey": FactorKind.PASSKEY,
    "key": FactorKind.SECURITY_KEY,
    "phone": FactorKind.PHONE_APPROVAL,
    "social": FactorKind.SOCIAL,
    "remembered": FactorKind.REMEMBERED_DEVICE,
}
HELD: Final = tuple(KINDS)

ENROLMENTS: Final[dict[str, tuple[str, ...]]] = {
    "nothing": ("number",),
    "totp": ("totp", "remembered"),
    "sms": ("number", "sms"),
    "mail": ("second_mailbox", "mail"),
    "passkey": ("passkey",),
    "key": ("key", "number"),
    "phone": ("phone",),
    "social": ("social_only",),
    "social and totp": ("social", "totp"),
    "all": ("number", "second_mailbox", "totp", "key", "phone"),
}
"""Accounts, by what is added to password and mailbox. The first second factor brings backup codes."""

NOT_IN_STRICT: Final = frozenset({"sms", "mail", "social", "social_only", "remembered"})

_numbers = count(1)


class Town(Struct):
    """One server, with an account provider beside it."""

    api: Api
    openid: OpenIdStandIn
    inbox: list[Letter] = field(default_factory=list)

    def stranger(self) -> Program:
        """A new device, in a network where nobody was before: a full sign-in makes the one that it comes from usual."""
        n = next(_numbers)
        return at(self.api, f"{11 + n // 250 % 80}.{n % 250}.0.7")

    def at_home(self) -> Program:
        return at(self.api, HOME)

    async def person(self, *words: str, settled: bool = True) -> "Wallet":
        """Enrolled through the doors. ``settled``: 31 days have passed since."""
        n = next(_numbers)
        wallet = Wallet(self, f"person{n}@example.com", f"person{n}@second.example", f"+7916{n:07d}", home=self.at_home())
        wallet.who = Person(subject=f"subject-{n}", email="", verified=False, name="Anna")
        with self._before_it_was_required():
            await wallet.sign_up(elsewhere="social_only" in words)
            for word in words:
                if word not in {"social_only", "remembered"}:
                    await wallet.enrol(word)
        if settled:
            self.api.clock.wait(days=31)
        if "remembered" in words:
            await wallet.be_remembered()
        return wallet

    @contextmanager
    def _before_it_was_required(self) -> Iterator[None]:
        """Accounts that were there before the site required a second factor of everybody."""
        site = self.api.parts.services.site
        required = site.second_factor_required
        force_setattr(site, "second_factor_required", False)
        try:
            yield
        finally:
            force_setattr(site, "second_factor_required", required)

    async def mails(self) -> list[Letter]:
        """Every mail and every text, the oldest first; a text is read as a letter. Each is read from its file once."""
        while await self.api.parts.deliverer.deliver_due():
            pass
        mailbox, phone = dev_mailbox(self.api.settings, self.api.clock), dev_phone(self.api.settings, self.api.clock)
        self.inbox += [Letter(m.to, m.subject, m.text) for m in reversed(mailbox.list())]
        self.inbox += [Letter(t.to, "", t.text) for t in reversed(phone.list())]
        mailbox.clear()
        phone.clear()
        return self.inbox

    async def newest(self, to: str) -> Letter:
        return [letter for letter in await self.mails() if letter.to == to][-1]

    async def throw_mails_away(self) -> None:
        await self.mails()
        self.inbox.clear()

    async def pass_hours(self, hours: int) -> None:
        """In each of them a worker looks at what waits, and everything that is due is delivered."""
        for _ in range(hours):
            while await self.api.parts.deliverer.deliver_due():
                pass
            self.api.clock.wait(hours=1)
            await look_at_waits(self.api.parts.services, asyncio.Event())


@asynccontextmanager
async def town(database_url: str, data_dir: Path, migrated_sqlite: Path, **settings: str) -> AsyncIterator[Town]:
    async with running(OpenIdStandIn()) as openid:
        provider = {"oidc_issuer": openid.url, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET, "oidc_name": "Example"}
        given = {"insecure_no_volume_limits": "true", **({} if settings.get("profile") == "strict" else provider), **settings}
        async with served(database_url, data_dir, migrated_sqlite, **given) as api:
            openid.now = lambda: api.clock.now().timestamp()
            yield Town(api, openid)


class Wallet(Struct):
    town: Town
    email: str
    second_email: str
    number: str
    home: Program
    who: Person = field(default_factory=Person)
    """Who the person is at the provider."""
    password: str = ""
    app: App | None = None
    codes: list[str] = field(default_factory=list)
    passkey: SoftKey | None = None
    key: SoftKey | None = None
    phone: SoftPhone | None = None
    account_id: AccountId = NOBODY_ID
    read: set[str] = field(default_factory=set)
    """Codes that were typed already."""

    @property
    def api(self) -> Api:
        return self.town.api

    # ------------------------------------------------------------ the account, as the database has it

    async def account(self) -> Account:
        async with self.api.parts.services.store.transaction() as tx:
            return await tx.accounts.get(self.account_id)

    async def sessions(self) -> list[Session]:
        async with self.api.parts.services.store.transaction() as tx:
            return list(await tx.sessions.of_account(self.account_id))

    def factor(self, account: Account, held: str) -> Factor | None:
        """By which factor of the account a thing is shown; ``None`` when the account has none."""
        return next((f for f in account.factors() if f.kind is KINDS[held] and self._is_that(f, held)), None)

    def _is_that(self, factor: Factor, held: str) -> bool:
        wanted = {"mailbox": self.email, "second_mailbox": self.second_email}.get(held)
        return wanted is None or factor.thing.name.endswith(wanted)

    async def has(self) -> tuple[str, ...]:
        """What there is to be held of this account."""
        account = await self.account()
        return tuple(h for h in HELD if self.factor(account, h))

    def proofs(self, account: Account, holds: Iterable[str]) -> tuple[Proof, ...]:
        """What somebody with these things can prove."""
        found = [f for h in holds if (f := self.factor(account, h))]
        return tuple(Proof(f.kind, f.factor_id, f.thing, self.api.clock.now()) for f in found)

    # ------------------------------------------------------------ enrolling

    def new_password(self) -> str:
        self.password = f"{next(_numbers)} grey herons on one leg"
        return self.password

    async def sign_up(self, *, elsewhere: bool) -> None:
        if elsewhere:
            began = await self.home.start("sign_in_social", provider="oidc")
            came = await self._back_from(self.home, began)
            done = await details(self.home, came.flow_id, "Anna", self.email)
        else:
            done = await self.home.start("sign_up", email=self.email, name="Anna", password=self.new_password())
        done = await self.home.code(done.flow_id, await self._code_to(self.email))
        assert done.state == "done", done
        self.account_id = AccountId(done.said["session"]["account_id"])

    async def enrol(self, word: str) -> None:
        match word:
            case "number":
                began = await self.home.start("add_address", phone=self.number)
            case "second_mailbox":
                began = await self.home.start("add_address", email=self.second_email)
            case "social":
                began = await self.home.start("link_social", provider="oidc")
            case "sms" | "mail":
                kind = "sms" if word == "sms" else "email"
                factor = self.factor(await self.account(), "number" if word == "sms" else "second_mailbox")
                assert factor is not None
                began = await self.home.start("add_factor", factor=kind, address_id=factor.factor_id)
            case _:
                kind = {"key": "security_key", "phone": "phone_approval"}.get(word, word)
                began = await self.home.start("add_factor", factor=kind, label=word)
        assert began.status == 201, began
        allowed = await self.meet(self.home, began, HELD)
        done = await self.finish_enrolling(allowed, word)
        assert done.state == "done", done

    async def finish_enrolling(self, allowed: Answer, word: str) -> Answer:
        """The last step of adding something, and of keeping the backup codes that come with it."""
        done = await self._added(allowed, word)
        if done.said["finish"] == "backup_codes":
            self.codes = [f"{number} {code}" for number, code in enumerate(done.said["new_codes"], 1)]
            done = await self._step(self.home, done, "keep-codes", code=self.codes[6])
        return done

    async def _added(self, allowed: Answer, word: str) -> Answer:
        home = self.home
        match word:
            case "number" | "sms":
                return await home.code(allowed.flow_id, await self._code_to(self.number))
            case "second_mailbox" | "mail":
                return await home.code(allowed.flow_id, await self._code_to(self.second_email))
            case "social":
                return await self._back_from(home, await go(home, allowed.flow_id))
            case "totp":
                self.app = App(self.api, allowed.said["authenticator"]["key"])
                return await self._step(home, allowed, "new-totp", code=self.app.code())
            case "passkey":
                self.passkey = SoftKey(self.api.settings.base_url)
                return await self._step(home, allowed, "new-key", credential=self.passkey.create(allowed.said["key_options"]))
            case "key":
                self.key = SoftKey(self.api.settings.base_url, flags=0)
                return await self._step(home, allowed, "new-key", credential=self.key.create(allowed.said["key_options"]))
            case _:
                self.phone = SoftPhone(self.town.at_home())
                shown = await self._step(home, allowed, "pair")
                assert (await self.phone.enrol(shown.said["pairing"]["code"])).status == 200
                return await home.show(allowed.flow_id)

    async def be_remembered(self) -> None:
        """Sign in at home, and have this browser remembered."""
        began = await self.home.sign_in(self.email, self.password)
        done = await self.meet(self.home, began, await self.has(), remember_device=True)
        assert done.said["session"]["remembered_token"], done

    async def sign_in_at_home(self) -> None:
        """A living session with everything that is asked for."""
        if self.password:
            began = await self.home.sign_in(self.email, self.password)
            done = await self.meet(self.home, began, await self.has()) if began.state == "asking" else began
        else:
            began = await self.home.start("sign_in_social", provider="oidc")
            done = await self._back_from(self.home, began)
            done = await self.meet(self.home, done, await self.has())
        assert done.state == "done", done

    async def renew_codes(self) -> None:
        await self.sign_in_at_home()
        allowed = await self.meet(self.home, await self.home.start("renew_backup_codes"), await self.has())
        self.codes = [f"{number} {code}" for number, code in enumerate(allowed.said["new_codes"], 1)]
        assert (await self._step(self.home, allowed, "keep-codes", code=self.codes[6])).state == "done"

    # ------------------------------------------------------------ answering

    async def meet(self, program: Program, flow: Answer, holds: Collection[str], *, remember_device: bool = False) -> Answer:
        """Where a flow stands once somebody has answered it with all that he holds, whether it was asked for or not."""
        left, again = [h for h in HELD if h in holds], True
        while again and flow.state in {"asking", "waiting"}:
            again = False
            for held in left:
                answered = await self.show(program, flow, held, remember_device=remember_device)
                if answered is not None and answered.status == 200:
                    flow, again = answered, True
                    left.remove(held)
                    break
        return flow

    async def show(self, program: Program, flow: Answer, held: str, *, remember_device: bool = False) -> Answer | None:
        """One thing shown in a flow; ``None`` when it cannot be."""
        given: dict[str, object] | None = None
        match held:
            case "password" if self.password:
                given = {"challenge": "password", "password": self.password}
            case "mailbox" | "second_mailbox" | "number":
                to = {"mailbox": self.email, "second_mailbox": self.second_email, "number": self.number}[held]
                kind = "sms" if held == "number" else "email"
                code = await self._mailed_code(program, flow, kind, to)
                given = {"challenge": kind, "code": code} if code else None
            case "totp" if self.app:
                given = {"challenge": "totp", "code": self._next_code(self.app)}
            case "codes" if self.codes:
                given = {"challenge": "backup_code", "code": self.codes[0]}
            case "passkey" | "key":
                given = await self._signed(program, flow, held)
            case "phone" if self.phone:
                given = await self._approved(program, flow, self.phone)
            case "social":
                gone = await go(program, flow.flow_id)
                return await self._back_from(program, gone) if gone.status == 200 else None
            case "remembered":
                given = {"challenge": "remembered_device"}
            case _:
                return None
        if given is None:
            return None
        body = {"answer": given, "remember_device": remember_device}
        answered = await program.call("POST", f"/api/v1/flows/{flow.flow_id}/answer", body)
        if held == "codes" and answered.status == 200:
            self.codes.pop(0)  # spent, or reserved, whatever becomes of the flow
        return answered

    async def _mailed_code(self, program: Program, flow: Answer, kind: str, to: str) -> str:
        """A code of this flow that can be read at ``to``: one that was sent already, or one that is asked for; empty when there is none."""
        if kind in flow.said.get("sent_by", []) and (code := await self._unread(to)):
            return code
        sent = await program.call("POST", f"/api/v1/flows/{flow.flow_id}/send", {"challenge": kind})
        if sent.status == 429:
            self.api.clock.wait(seconds=61)
            sent = await program.call("POST", f"/api/v1/flows/{flow.flow_id}/send", {"challenge": kind})
        return await self._unread(to) if sent.status == 200 else ""

    def _next_code(self, app: App) -> str:
        """One that was not typed yet: each is good once."""
        code = app.code()
        while code in self.read:
            code = app.next_code()
        self.read.add(code)
        return code

    async def _code_to(self, to: str) -> str:
        code = await self._unread(to)
        assert code, f"no code was sent to {to}"
        return code

    async def _unread(self, to: str) -> str:
        found = [c for letter in await self.town.mails() if letter.to == to and (c := code_in(letter)) and c not in self.read]
        if found:
            self.read.add(found[-1])
        return found[-1] if found else ""

    async def _signed(self, program: Program, flow: Answer, held: str) -> dict[str, object] | None:
        key, kind = (self.passkey, "passkey") if held == "passkey" else (self.key, "security_key")
        asked = await program.call("POST", f"/api/v1/flows/{flow.flow_id}/send", {"challenge": kind})
        if key is None or asked.status != 200 or not asked.said["key_options"]:
            return None
        return {"challenge": kind, "credential": key.get(asked.said["key_options"])}

    async def _approved(self, program: Program, flow: Answer, phone: SoftPhone) -> dict[str, object] | None:
        asked = await program.call("POST", f"/api/v1/flows/{flow.flow_id}/send", {"challenge": "phone_approval"})
        if asked.status != 200:
            return None
        prompts = await phone.asked()
        if not prompts:
            return None
        await phone.approve(prompts[0]["prompt_id"], asked.said["prompt"]["number"])
        return {"challenge": "phone_approval"}

    async def _back_from(self, program: Program, away: Answer) -> Answer:
        """To the provider and back, as this person."""
        self.town.openid.person = self.who
        return await bring(program, away.flow_id, "oidc", await allow(away.said["authorization_url"]))

    async def passkey_alone(self, program: Program) -> Answer:
        assert self.passkey is not None
        options = (await program.read("passkeys/options"))["options"]
        return await program.start("sign_in_passkey", credential=self.passkey.get(options))

    async def social_alone(self, program: Program) -> Answer:
        began = await program.start("sign_in_social", provider="oidc")
        return await self._back_from(program, began)

    async def _step(self, program: Program, flow: Answer, step: str, **body: object) -> Answer:
        return await program.call("POST", f"/api/v1/flows/{flow.flow_id}/{step}", body or None)


def code_in(letter: Letter) -> str:
    """The code of a mail or a text; empty when it has none."""
    found = re.search(r"^ {4}([0-9A-Z][0-9A-Z ]+)$|^@\S+ #(\S+)$", letter.text, re.MULTILINE)
    return (found[1] or found[2]).replace(" ", "") if found else ""


def copied(wallet: Wallet, holds: Collection[str], to: Program) -> Program:
    """What a browser is given of the cookies at home."""
    to.device = wallet.home.device
    to.remembered = wallet.home.remembered if "remembered" in holds else ""
    return to
