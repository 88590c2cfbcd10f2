"""Where questions that one screen shows and another answers are kept, as the use cases see it (``adapters/sql/prompts.py``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.prompts import State
from sparekey.domain.values import Struct


class Prompt(Struct, frozen=True):
    """A question on one screen that is answered on another: to the owner's enrolled phones (mission.md, F6), by the QR code of a
    computer that signs in (I4), by the code with which a phone is enrolled. Times in UTC.

    ``account_id``: whose phones are asked; the subject of a name that nobody has; empty for a computer whose account is not known yet.
    ``flow_id``: of the flow that asks; for a computer's QR code, of the flow that approved it. ``number``: what the other screen shows.
    ``state``: a name of ``domain.prompts.State``. ``factor_id``: of the phone that answered. ``lane``: whose questions it is counted
    with, a known device's id or empty for all unknown ones. ``holder``: keyed like a flow's, for a question without a flow.
    """

    prompt_id: str
    account_id: AccountId
    flow_id: str
    action: str
    number: str
    device: str
    place: str
    created_at: datetime
    expires_at: datetime
    state: State = State.ASKED
    factor_id: str = ""
    lane: str = ""
    holder: bytes = b""


class Prompts(Protocol):
    async def add(self, prompt: Prompt) -> None: ...

    async def get(self, prompt_id: str) -> Prompt | None: ...

    async def get_for_step(self, prompt_id: str) -> Prompt | None:
        """Locked until the transaction ends."""

    async def save(self, prompt: Prompt) -> None: ...

    async def of_account(self, account_id: AccountId, since: datetime) -> Sequence[Prompt]:
        """Those made after ``since``, the newest first."""
