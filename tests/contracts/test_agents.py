"""Agents and votes, as every store keeps them."""

from datetime import timedelta

from sparekey.domain.accounts import AccountId
from sparekey.domain.agents import Choice, Vote, placed
from tests.contracts.stores import NOW, Held

ANNA, BERT = AccountId("a" * 32), AccountId("b" * 32)


async def test_agents_are_read_as_they_were_written(at: Held) -> None:
    anna = placed(ANNA, None, NOW)
    bert = placed(BERT, anna, NOW + timedelta(days=1))
    async with at.store.transaction() as tx:
        await tx.agents.put(bert)
        await tx.agents.put(anna)
    async with at.store.transaction() as tx:
        assert list(await tx.agents.all()) == [anna, bert]
        assert await tx.agents.remove(BERT)
        assert not await tx.agents.remove(BERT)
        assert await tx.agents.get(BERT) is None
        again = placed(ANNA, None, NOW + timedelta(days=9))
        await tx.agents.put(again)
        assert await tx.agents.get(ANNA) == again


async def test_an_agent_votes_once_on_a_case(at: Held) -> None:
    vote = Vote(ANNA, Choice.APPROVE, "shown", NOW)
    async with at.store.transaction() as tx:
        assert await tx.votes.add("case", vote)
        assert not await tx.votes.add("case", Vote(ANNA, Choice.REFUSE, "not_shown", NOW))
        assert await tx.votes.add("other", vote)
        assert list(await tx.votes.of_case("case")) == [vote]
