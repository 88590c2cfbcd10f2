"""An agent puts another one in place, in the console. The two are one hand from then on (``domain/agents.py``)."""

from collections.abc import Sequence

from sparekey.domain.agents import Agent
from sparekey.domain.errors import FieldProblem, InvalidInput
from sparekey.use_cases.agents import AgentSeen, add_agent, list_agents
from sparekey.use_cases.at_work import at_work
from sparekey.use_cases.services import Client, Services


async def place_agent(services: Services, client: Client, typed: str) -> Agent:
    """Raises ``InvalidInput`` (of a young role or key, too: a stolen session must not leave a second agent behind), and what ``at_work``
    and ``add_agent`` raise."""
    if not typed.strip():
        raise InvalidInput(FieldProblem("identifier", "identifier_missing"))
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
    if not at.agent.counts(services.clock.now()):
        raise InvalidInput(FieldProblem("identifier", "agent_role_young"))
    if not at.key_counts:
        raise InvalidInput(FieldProblem("identifier", "agent_key_young"))
    return await add_agent(services, client, typed, at.agent)


async def agents_seen(services: Services, client: Client) -> Sequence[AgentSeen]:
    """All agents, for one of them."""
    async with services.store.transaction() as tx:
        await at_work(tx, services, client)
    return await list_agents(services)
