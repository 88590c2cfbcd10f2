"""``sparekey audit``: is the log of events whole, and what does it say of one account?"""

import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from sparekey.bootstrap import audit_seals_file, open_services
from sparekey.domain.accounts import Account, AccountId, nobody
from sparekey.domain.devices import device_name
from sparekey.domain.retention import UNKNOWN_CHAIN_KEPT
from sparekey.settings import read_settings
from sparekey.use_cases.ports import AuditRow, Transaction
from sparekey.use_cases.record import SUBJECT, chain_of, personal_purpose
from sparekey.use_cases.services import Services
from sparekey.use_cases.verify_audit import Finding, Reason, verify_chains, verify_presence, verify_seals

app = App(name="audit", help="The log of events: whether it is whole, and what it says of one account.")

SENTENCES: Final = {
    Reason.GAP: "an event is missing before number {number}",
    Reason.ALTERED: "event {number} is not what was written",
    Reason.CUT: "the newest events, from about number {number} on, are missing",
    Reason.FORGED_HEAD: "the head is not the last event",
    Reason.MISSING: "all its events are missing",
    Reason.REWRITTEN: "event {number} was sealed as another one",
    Reason.SEAL_ALTERED: "line {number} of this seal file is not what was written, or the line before it is missing",
    Reason.SEALS_END: "its newest events were never sealed: no worker ran, or the end of a seal file was cut",
}

BYTES_A_SEAL: Final = 90
"""About, for the progress bar."""


@app.command
async def verify(*, seals: Annotated[list[Path] | None, Parameter(negative="", consume_multiple=True)] = None) -> None:
    """Check every event, every chain and every seal. Ends with 1 when anything is wrong, each broken chain named.

    Parameters
    ----------
    seals:
        Seal files to check against, of all nodes. Without it, this node's, and those beside it that were moved away.

    """
    settings = read_settings(os.environ)
    own = audit_seals_file(settings)
    files = sorted(own.parent.glob(f"{own.stem}*{own.suffix}")) if seals is None else seals
    if unreadable := [str(file) for file in files if not os.access(file, os.R_OK)]:
        sys.exit(f"These seal files cannot be read: {', '.join(unreadable)}")
    console = Console()
    async with open_services(settings) as services:
        found = await _verify(services, files)
    for finding in dict.fromkeys(found):
        console.print(f"[red]{finding.where}[/] {SENTENCES[finding.reason].format(number=finding.number)}", soft_wrap=True)
    if not files:
        console.print(f"[yellow]There is no seal file ({own}): a cut end or a removed chain of events may go unseen.[/]", soft_wrap=True)
    if found:
        console.print(f"[red]{len({f.where for f in found})} broken.[/]")
        raise SystemExit(1)
    console.print("The audit log is whole.")


async def _verify(services: Services, files: Iterable[Path]) -> list[Finding]:
    """All findings, a chain's first one alone."""
    found: dict[str, Finding] = {}
    async with AsyncExitStack() as stack:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
        async with services.store.transaction() as tx:
            events = await tx.audit.count()
        lines = {str(file): stack.enter_context(file.open("rb")) for file in files}
        size = sum(os.fstat(file.fileno()).st_size for file in lines.values())
        looks: list[tuple[str, int | None, AsyncIterator[tuple[int, list[Finding]]]]] = [
            ("events", events, verify_chains(services.store, services.sealer)),
            ("accounts", None, _counted(verify_presence(services.store))),
            ("seals", size // BYTES_A_SEAL, verify_seals(services.store, services.sealer, lines, services.clock.now())),
        ]
        for what, total, pages in looks:
            task = progress.add_task(what, total=total)
            async for looked_at, page in pages:
                progress.advance(task, looked_at)
                found = {f.where: f for f in page} | found
    return list(found.values())


async def _counted(pages: AsyncIterator[list[Finding]]) -> AsyncIterator[tuple[int, list[Finding]]]:
    async for page in pages:
        yield 1, page


MOST_SHOWN: Final = 200


@app.command
async def show(who: str, *, most: int = MOST_SHOWN) -> None:
    """Show the newest events of one account, or of a name that nobody has.

    Parameters
    ----------
    who:
        The id of an account, an address, or a user name.
    most:
        How many events.

    """
    async with open_services(read_settings(os.environ)) as services, services.store.transaction() as tx:
        rows, account = await _events(tx, services, who, most)
        if not rows:
            sys.exit("The log has no events of this account or name.")
        table = Table("when (UTC)", "event", "detail", "device", "network", Column("flow", no_wrap=True, min_width=32))
        for row in rows:
            personal = _personal(services, row, account)
            detail = ", ".join(f"{k} {v}" for k, v in msgspec.json.decode(row.detail, type=dict[str, str]).items() if v)
            cells = (f"{row.at:%Y-%m-%d %H:%M:%S}", row.name, detail, *personal, row.flow_id)
            table.add_row(*(Text(cell) for cell in cells))
        Console().print(table)


async def _events(tx: Transaction, services: Services, who: str, most: int) -> tuple[list[AuditRow], Account]:
    """The newest events first, and whose they are."""
    key = services.identifiers.key_of(who)
    account = await tx.accounts.find_by_key(key)
    if not account.exists:
        try:
            account = await tx.accounts.get(AccountId(who))
        except LookupError:
            hashes = [h.hex()[:31] for h in services.sealer.keyed_hashes(key.encode(), SUBJECT)]
            rows = [row for h in hashes for row in await tx.audit.of_chain(f"s{h}", most)]
            rows += [row for h in hashes for row in await _of_unknown(tx, services, f"x{h}")]
            return sorted(rows, key=lambda r: r.at, reverse=True)[:most], nobody()
    return list(await tx.audit.of_chain(account.account_id, most)), account


async def _of_unknown(tx: Transaction, services: Services, subject: str) -> list[AuditRow]:
    """The events of a name that nobody has, out of the chains that such names share."""
    now = services.clock.now()
    days = range((UNKNOWN_CHAIN_KEPT + timedelta(days=2)).days)
    chains = {chain_of(subject, now - timedelta(days=day)) for day in days}
    rows = [row for chain in sorted(chains) for row in await tx.audit.of_chain(chain, sys.maxsize)]
    flows = {row.flow_id for row in rows if f'"{subject}"'.encode() in row.detail} - {""}
    return [row for row in rows if f'"{subject}"'.encode() in row.detail or row.flow_id in flows]


def _personal(services: Services, row: AuditRow, account: Account) -> tuple[str, str]:
    """The device by its name (never the header as a stranger wrote it) and the network."""
    try:
        opened = services.sealer.open(row.personal, personal_purpose(account))
    except ValueError:
        return "destroyed", "destroyed"
    fields = msgspec.json.decode(opened, type=dict[str, str])
    return device_name(fields["user_agent"]) or "unknown", fields["network"]
