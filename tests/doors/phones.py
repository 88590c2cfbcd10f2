"""A person with a phone: numbers that are added, texts that are read."""

import re
from dataclasses import dataclass

from sparekey.bootstrap import dev_phone
from tests.doors.api import Answer, Api, Program

ANNA, NUMBER, OTHER = "anna@example.com", "+37120000001", "+37120000002"


@dataclass(frozen=True)
class Text:
    to: str
    text: str

    @property
    def code(self) -> str:
        """As the phone's own filling-in finds it: bound to the site, in the last line."""
        found = re.search(r"^@\S+ #([0-9A-Z]+)$", self.text, re.MULTILINE)
        assert found, f"no code in {self.text!r}"
        return found[1]


async def texts(api: Api, to: str = "") -> list[Text]:
    """Every text so far, the oldest first; ``to``: to this number alone."""
    await api.letters()
    return [Text(t.to, t.text) for t in reversed(dev_phone(api.settings, api.clock).list()) if t.to == to or not to]


async def newest(api: Api, to: str) -> Text:
    return (await texts(api, to))[-1]


async def answer_text(program: Program, flow_id: str, code: str) -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/answer", {"answer": {"challenge": "sms", "code": code}})


async def send(program: Program, flow_id: str, kind: str = "sms") -> Answer:
    return await program.call("POST", f"/api/v1/flows/{flow_id}/send", {"challenge": kind})


async def number_added(api: Api, owner: Program, number: str = NUMBER) -> str:
    """The id of a number that was just added and verified."""
    began = await owner.start("add_address", phone=number)
    assert (began.state, began.said["sent_by"]) == ("allowed", ["sms"]), began
    done = await answer_text(owner, began.flow_id, (await newest(api, number)).code)
    assert done.state == "done", done
    return await address_id(owner, number)


async def address_id(owner: Program, value: str) -> str:
    found: str = next(a["address_id"] for a in (await owner.read("account"))["addresses"] if a["value"] == value)
    return found


async def settled(api: Api, owner: Program) -> None:
    """Thirty days later, in a fresh session."""
    api.clock.wait(days=31)
    assert (await owner.sign_in(ANNA)).state == "done"
