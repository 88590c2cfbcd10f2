"""Where agents and their votes are kept, as the use cases see it (``adapters/sql/agents.py``)."""

from collections.abc import Sequence
from typing import Protocol

from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Agent, Vote


class Agents(Protocol):
    async def get(self, account_id: AccountId) -> Agent | None: ...

    async def all(self) -> Sequence[Agent]:
        """Those who have been there longest first."""

    async def put(self, agent: Agent) -> None:
        """A new one; in place of what the account was before."""

    async def remove(self, account_id: AccountId) -> bool:
        """Answers whether it was an agent."""


class Votes(Protocol):
    async def of_case(self, case_id: str) -> Sequence[Vote]:
        """The oldest first."""

    async def add(self, case_id: str, vote: Vote) -> bool:
        """Answers whether this agent had not voted on the case before."""
