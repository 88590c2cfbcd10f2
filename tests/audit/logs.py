"""Writing events as use cases do, and verifying all that was written."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from sparekey.adapters.breached import BreachedLists
from sparekey.adapters.crypto.hasher import PepperedArgon2
from sparekey.adapters.crypto.hashing_pool import HashingPool
from sparekey.adapters.identifiers import Identifiers
from sparekey.adapters.operators import OperatorMemory
from sparekey.adapters.places import open_places
from sparekey.adapters.strength import strength
from sparekey.adapters.volume import NoVolumeLimits
from sparekey.challenges.webauthn import RelyingParty
from sparekey.domain.accounts import Account, nobody
from sparekey.domain.audit import Event
from sparekey.domain.passwords import rules_for
from sparekey.domain.policy.parse import load_policy
from sparekey.use_cases.record import record
from sparekey.use_cases.services import Client, Services, Site
from sparekey.use_cases.verify_audit import Reason, verify_chains, verify_presence, verify_seals
from sparekey.worker.seal import AuditSeals
from tests.contracts.stores import CHANCE, Held, new_account

CLIENT = Client(holder="h" * 43, network="192.0.2.7", user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0", language="en")
FLOW = "f" * 32


def services_of(at: Held) -> Services:
    return Services(
        store=at.store,
        clock=at.clock,
        chance=CHANCE,
        sealer=at.sealer,
        hasher=PepperedArgon2(at.ring, HashingPool(1)),
        breached=BreachedLists([], None),
        strength=strength,
        limits=NoVolumeLimits(),
        identifiers=Identifiers(region="", test_domains=True),
        places=open_places(""),
        operators=OperatorMemory(),
        policy=load_policy("shop", {}),
        password_rules=rules_for(second_factor_required=False, remembered_devices=True),
        site=Site(name="Example", words=()),
        relying_party=RelyingParty("localhost", "Example", frozenset()),
    )


async def write(at: Held, account: Account, *events: Event, chain: str = "", flow_id: str = FLOW) -> str:
    """Append events to a chain, in one transaction; answers its name. ``chain``: of a name that nobody has."""
    services = services_of(at)
    async with at.store.transaction() as tx:
        lock = await tx.audit.lock(chain or account.account_id)
        for event in events:
            lock = await record(tx, services, lock, event, account, CLIENT, flow_id=flow_id, route="settled_mailbox")
    return lock.chain


async def account_with(at: Held, events: int, key: str = "anna@example.com") -> Account:
    """A stored account whose chain has so many events."""
    account = new_account(key)
    async with at.store.transaction() as tx:
        await tx.accounts.add(account)
    await write(at, account, Event.CREATED, *[Event.SIGNED_IN] * (events - 1))
    return account


async def stranger_with(at: Held, events: int, name: str = "x" + "1" * 31) -> str:
    """The chain of a name that nobody has."""
    return await write(at, nobody(), *[Event.SIGN_IN_FAILED] * events, chain=name)


async def strangers(at: Held, chains: Iterable[str]) -> None:
    """One event for each of many names that nobody has, a few in each millisecond."""
    services = services_of(at)
    async with at.store.transaction() as tx:
        for n, chain in enumerate(chains):
            at.clock.turn(timedelta(milliseconds=n % 3 // 2))
            await record(tx, services, await tx.audit.lock(chain), Event.SIGN_IN_FAILED, nobody(), CLIENT)


def seals_of(at: Held, file: Path) -> AuditSeals:
    return AuditSeals(at.store, at.clock, at.sealer, file)


async def verify(at: Held, *files: Path) -> set[tuple[str, Reason]]:
    """All that is found: where, and what."""
    lines: dict[str, Iterable[bytes]] = {file.name: lines_of(file) for file in files}
    found = [f async for _, page in verify_chains(at.store, at.sealer) for f in page]
    found += [f async for page in verify_presence(at.store) for f in page]
    found += [f async for _, page in verify_seals(at.store, at.sealer, lines, at.clock.now()) for f in page]
    return {(f.where, f.reason) for f in found}


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def put_lines(file: Path, *lines: bytes) -> None:
    file.write_bytes(b"".join(lines))


def move(file: Path, name: str) -> Path:
    return file.rename(file.with_name(name))


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777
