"""``sparekey agents``: who works on support cases."""

import os
import sys
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from sparekey.bootstrap import open_services
from sparekey.domain.errors import InvalidInput
from sparekey.settings import read_settings
from sparekey.use_cases.agents import add_agent, list_agents, remove_agent
from sparekey.use_cases.services import Client

OPERATOR = Client(holder="", network="", user_agent="sparekey agents", language="en")
"""Who stands in the audit log for what a command did."""

REFUSED = {
    "agent_not_possible": "There is no such account, or it has neither a security key nor a passkey. An agent needs one.",
    "agent_already": "This account works on cases already.",
}

app = App(name="agents", help="Who works on support cases.")

Name = Annotated[str, Parameter(help="An e-mail address, phone number or user name of the account.")]


@app.command
async def add(name: Name) -> None:
    """Let an account work on support cases. It needs a security key or passkey; its vote counts after seven days."""
    async with open_services(read_settings(os.environ)) as services:
        try:
            agent = await add_agent(services, OPERATOR, name)
        except InvalidInput as e:
            sys.exit(REFUSED[e.problems[0].reason])
    Console().print(f"Works on cases from now on; votes count from {agent.counts_from:%Y-%m-%d %H:%M} UTC.")


@app.command
async def remove(name: Name) -> None:
    """Take the role away, at once. Votes on cases that are not decided yet do not count any more."""
    async with open_services(read_settings(os.environ)) as services:
        if not await remove_agent(services, OPERATOR, name):
            sys.exit("There is no such agent.")
    Console().print("Works on cases no longer.")


@app.command(name="list")
async def show() -> None:
    """All agents, and whose votes count."""
    async with open_services(read_settings(os.environ)) as services:
        found = await list_agents(services)
    table = Table("name", "address", "since (UTC)", "votes count", "placed by", "keys")
    for a in found:
        counts = "yes" if a.counts else f"from {a.counts_from:%Y-%m-%d %H:%M}"
        table.add_row(a.name, a.email, f"{a.since:%Y-%m-%d %H:%M}", counts, a.placed_by or "the operator", str(a.keys))
    Console().print(table if found else "Nobody works on support cases yet.")
    if len({a.hand for a in found if a.counts}) < 2:
        Console().print("It takes two who were not placed by each other, nor by the same agent, to approve a case.")
