"""Where support cases are kept, as the use cases see it (``adapters/sql/cases.py``)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.cases import Case, CaseMessage, CaseState


class Cases(Protocol):
    """What is said in cases, and by whom, is sealed at rest."""

    async def get(self, case_id: str) -> Case | None: ...

    async def get_for_step(self, case_id: str) -> Case | None:
        """Locked until the transaction ends. Its subject is locked first."""

    async def by_number(self, number: str) -> Case | None: ...

    async def add(self, case: Case) -> None: ...

    async def save(self, case: Case) -> None:
        """Raises ``StaleFlow`` when the stored version is not the one that was loaded."""

    async def queue(self, states: Iterable[CaseState], most: int) -> Sequence[Case]:
        """Those in some states, the oldest first."""

    async def of_account(self, account_id: AccountId) -> Sequence[Case]:
        """The newest first."""

    async def due(self, now: datetime, most: int) -> Sequence[Case]:
        """Those on which time acts next and whose moment has come, the oldest first; not locked."""

    async def messages(self, case_id: str, after: int = 0) -> Sequence[CaseMessage]:
        """What was said after the message of a number, in order."""

    async def add_message(self, message: CaseMessage) -> CaseMessage:
        """Appends it; ``seq`` is given here. The case is locked by the caller."""
