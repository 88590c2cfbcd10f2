"""A phone that approves, in software: what ``static/approve.js`` does in a browser."""

import json
from dataclasses import dataclass, field

from joserfc import jws
from joserfc.jwk import ECKey

from tests.doors.api import PASSWORD, Answer, Api, Program


@dataclass
class SoftPhone:
    """``http``: of no session: the key alone speaks."""

    http: Program
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    @property
    def public(self) -> dict[str, str]:
        known = self.key.as_dict(private=False)
        return {name: str(known[name]) for name in ("kty", "crv", "x", "y")}

    def sign(self, **said: str) -> str:
        return jws.serialize_compact({"alg": "ES256", "kid": self.key.thumbprint()}, json.dumps(said).encode(), self.key)

    async def send(self, path: str, **body: object) -> Answer:
        return await self.http.call("POST", f"/api/v1/approvals/{path}", body)

    async def challenge(self) -> str:
        found: str = (await self.http.call("POST", "/api/v1/approvals/challenge")).said["challenge"]
        return found

    async def enrol(self, code: str) -> Answer:
        looked = await self.send("look", code=code)
        if looked.status != 200:
            return looked
        return await self.send(
            "enrol", code=code, public_key=self.public, signed=self.sign(says="enrol", challenge=looked.said["challenge"])
        )

    async def poll(self) -> Answer:
        return await self.send("poll", signed=self.sign(says="poll", challenge=await self.challenge()))

    async def asked(self) -> list[dict[str, str]]:
        polled = await self.poll()
        assert polled.status == 200, polled
        found: list[dict[str, str]] = polled.said["prompts"]
        return found

    async def approve(self, prompt_id: str, number: str) -> Answer:
        said = {"says": "approve", "prompt_id": prompt_id, "number": number, "challenge": await self.challenge()}
        return await self.send("answer", signed=self.sign(**said))

    async def refuse(self, prompt_id: str) -> Answer:
        return await self.send("answer", signed=self.sign(says="refuse", prompt_id=prompt_id, challenge=await self.challenge()))


@dataclass
class PhoneOwner:
    """Somebody whose second factor is a phone that approves, signed in. ``codes``: backup codes, with their numbers."""

    email: str
    program: Program
    phone: SoftPhone
    codes: list[str]


async def pairing(program: Program) -> tuple[str, str]:
    """A flow that adds a phone, and the code that it shows."""
    began = await program.start("add_factor", factor="phone_approval", label="My phone")
    assert began.status == 201, began
    if began.state == "asking":
        began = await program.password(began.flow_id, PASSWORD)
    assert began.said["finish"] == "phone", began
    shown = await program.call("POST", f"/api/v1/flows/{began.flow_id}/pair")
    assert shown.status == 200, shown
    return began.flow_id, shown.said["pairing"]["code"]


async def phone_owner(api: Api, email: str = "anna@example.com", *, second: str = "") -> PhoneOwner:
    """Enrolled to the end, backup codes and all. ``second``: another address of the account."""
    program = await api.signed_up(email)
    if second:
        added = await program.start("add_address", email=second)
        assert (await program.code(added.flow_id, (await api.newest(second)).code)).state == "done"
    phone = SoftPhone(api.program())
    flow_id, code = await pairing(program)
    done = await phone.enrol(code)
    assert done.said == {"phone": phone.key.thumbprint(), "pending": True}, done
    shown = await program.show(flow_id)
    codes = [f"{number} {text}" for number, text in enumerate(shown.said["new_codes"], 1)]
    kept = await program.call("POST", f"/api/v1/flows/{flow_id}/keep-codes", {"code": codes[6]})
    assert kept.state == "done", kept
    return PhoneOwner(email, program, phone, codes)


async def ask(program: Program, flow_id: str) -> Answer:
    """Let the flow ask the phone; its number is in ``prompt``."""
    return await program.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": "phone_approval"})


async def collect(program: Program, flow_id: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "phone_approval"}})


async def second_step(api: Api, email: str, *, on: Program | None = None) -> tuple[Program, str]:
    """A sign-in whose password was right, on a new device unless told otherwise; and its flow."""
    program = on or api.program()
    began = await program.sign_in(email)
    assert began.state == "asking", began
    return program, began.flow_id
