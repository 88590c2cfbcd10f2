"""The only file that joins adapters to use cases and doors. Plain constructor calls; nothing here decides anything."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import structlog
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from starlette.applications import Starlette
from starlette.types import ASGIApp

from sparekey.adapters.breached import SHIPPED, BreachedLists, FilterFile
from sparekey.adapters.chance import SystemChance
from sparekey.adapters.clock import SystemClock
from sparekey.adapters.crypto.argon2 import Cost
from sparekey.adapters.crypto.hasher import Hashing, PepperedArgon2
from sparekey.adapters.crypto.hashing_pool import HashingPool, cores_for
from sparekey.adapters.crypto.keys import KeyRing, open_key_ring
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.adapters.human_check import ROUNDS, AltchaCheck
from sparekey.adapters.identifiers import Identifiers
from sparekey.adapters.mail.mailbox import DevMailbox
from sparekey.adapters.mail.smtp import SmtpDelivery
from sparekey.adapters.operators import OperatorMemory
from sparekey.adapters.places import open_places
from sparekey.adapters.sms.phone import DevPhone
from sparekey.adapters.sql.connection import Database
from sparekey.adapters.sql.sqlite import SqliteDatabase
from sparekey.adapters.sql.store import SqlStore
from sparekey.adapters.sql.versions import HEAD, read_version
from sparekey.adapters.strength import strength
from sparekey.adapters.volume import MemoryVolumeLimits, NoVolumeLimits
from sparekey.challenges.webauthn import RelyingParty
from sparekey.domain.accounts import AddressKind
from sparekey.domain.actions import Action
from sparekey.domain.errors import BadSettings
from sparekey.domain.passwords import rules_for
from sparekey.domain.policy.model import Policy
from sparekey.domain.policy.parse import load_policy
from sparekey.domain.values import Struct, replace
from sparekey.settings import Settings, read_settings
from sparekey.use_cases.message_refused import message_refused
from sparekey.use_cases.ports import Chance, Clock
from sparekey.use_cases.ports_of_delivery import Delivery
from sparekey.use_cases.services import Services, Shop, Site
from sparekey.use_cases.who_is import SessionChecks
from sparekey.web.app import Application, make_app
from sparekey.web.guard import Cookies, Door
from sparekey.web.pages.render import STATIC
from sparekey.web.receipts import PATH as RECEIPTS
from sparekey.worker.deliver import Deliverer
from sparekey.worker.housekeeping import keep_house
from sparekey.worker.run import run
from sparekey.worker.seal import AuditSeals
from sparekey.worker.tell_shop import ShopTeller

if TYPE_CHECKING:
    from sparekey.adapters.outside import Outside

SQLITE_FILE = "sparekey.db"


def database_of(settings: Settings) -> Database:
    if settings.storage.database:
        from sparekey.adapters.sql.postgres import PostgresDatabase  # noqa: PLC0415 - a driver that others need not wait for

        return PostgresDatabase(settings.storage.database)
    return SqliteDatabase(settings.data_dir / SQLITE_FILE)


def database_url(settings: Settings) -> str:
    """As the migrations want it."""
    return settings.storage.database or f"sqlite:///{(settings.data_dir / SQLITE_FILE).absolute()}"


def audit_seals_file(settings: Settings) -> Path:
    return Path(settings.storage.audit_seals_file or settings.data_dir / "audit-seals.jsonl")


def prepare_data_dir(settings: Settings) -> None:
    """Raises ``BadSettings`` with one line when the folder cannot be used."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        TemporaryFile(dir=settings.data_dir).close()  # nameless: all processes of a server look at the same moment
    except OSError as e:
        raise BadSettings(f"the data folder {settings.data_dir} cannot be used: {e.strerror}") from None


def key_ring(settings: Settings) -> KeyRing:
    """The keys; made only where there is no database yet that they would not open."""
    fresh = not settings.storage.database and not (settings.data_dir / SQLITE_FILE).exists()
    return open_key_ring(settings.storage, SystemClock().now(), may_create=fresh or bool(settings.storage.database))


def policy_of(settings: Settings) -> Policy:
    folder = settings.site.policy_dir
    texts: Mapping[str, str] = {}
    if folder:
        if not Path(folder).is_dir():
            raise BadSettings(f"SPAREKEY_POLICY_DIR is not a folder: {folder}")
        texts = {p.stem: p.read_text(encoding="utf-8") for p in sorted(Path(folder).glob("*.toml"))}
    return load_policy(settings.site.profile, texts)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlStore]:
    """The store by itself, for commands."""
    database = database_of(settings)
    await database.open()
    try:
        yield SqlStore(database, RingSealer(key_ring(settings)))
    finally:
        await database.close()


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything that a use case is given, for commands that ask. Raises ``BadSettings`` where there is no database of today's schema."""
    if not settings.storage.database and not (settings.data_dir / SQLITE_FILE).exists():
        raise BadSettings(f"there is no database in {settings.data_dir} (SPAREKEY_DATA)")
    if await read_version(database_of(settings)) != HEAD:
        raise BadSettings("the database is not at the newest schema: run sparekey migrate")
    parts = build(settings)
    await parts.open()
    try:
        yield parts.services
    finally:
        await parts.close()


class Parts(Struct, frozen=True):
    """What one process keeps while it serves: made at once, opened and closed with the server."""

    services: Services
    checks: SessionChecks
    deliverer: Deliverer
    database: Database
    hasher: PepperedArgon2
    outside: "Outside | None"
    seals: AuditSeals
    shop: ShopTeller | None = None

    async def open(self) -> None:
        await self.database.open()

    async def close(self) -> None:
        if self.outside is not None:
            await self.outside.aclose()
        self.hasher.close()
        await self.database.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    hashing: Hashing | None = None,
    cost: Cost | None = None,
    rounds: int = ROUNDS,
) -> Parts:
    """All parts of a process, not yet open. Raises ``BadSettings``.

    ``clock``, ``chance``, ``hashing``, ``cost`` (of one password hash), ``rounds`` (of one try at a human check): others than the
    machine's and the default, for tests and simulations.
    """
    prepare_data_dir(settings)
    clock, chance = clock or SystemClock(), chance or SystemChance()
    ring, database = key_ring(settings), database_of(settings)
    sealer = RingSealer(ring)
    store = SqlStore(database, sealer)
    hasher = PepperedArgon2(ring, hashing or HashingPool(cores_for(settings.server.workers)), cost=cost)
    outside = outside_of(settings, clock)
    lists = [SHIPPED, *([Path(settings.storage.breached_file)] if settings.storage.breached_file else [])]
    policy = policy_of(settings)
    services = Services(
        store=store,
        clock=clock,
        chance=chance,
        sealer=sealer,
        hasher=hasher,
        breached=BreachedLists([FilterFile(path) for path in lists], outside.range_service() if outside else None),
        strength=strength,
        limits=NoVolumeLimits() if settings.server.insecure_no_volume_limits else MemoryVolumeLimits(),
        human=None if settings.server.insecure_no_volume_limits else AltchaCheck(sealer, rounds),
        identifiers=Identifiers(region=settings.site.region, test_domains=settings.development),
        places=open_places(settings.site.place_file),
        operators=OperatorMemory(),
        policy=policy,
        password_rules=rules_for(
            second_factor_required=settings.site.second_factor == "required",
            remembered_devices=policy.actions[Action.REMEMBER_DEVICE].offered,
        ),
        relying_party=RelyingParty(urlsplit(settings.base_url).hostname or "", settings.site.name, frozenset({settings.base_url})),
        site=Site(
            name=settings.site.name,
            words=(settings.site.name, urlsplit(settings.base_url).hostname or "", *settings.site.site_words.split(",")),
            texts=texts(settings),
            second_factor_required=settings.site.second_factor == "required",
            answers_to=settings.mail.mail_answers,
            secret_question=settings.site.secret_question == "on",
        ),
        phrase_words=tuple((STATIC / "words.txt").read_text("utf-8").split()),
    )
    shop = Shop(settings.shop.shop_secret, is_told=bool(settings.shop.shop_webhook), origin=settings.shop.shop_url)
    services = replace(services, shop=shop)
    if outside is not None:
        services = replace(services, social=outside.social())
    deliverer = Deliverer(
        store,
        clock,
        chance,
        deliveries(settings, clock, outside),
        site_name=settings.site.name,
        base_url=settings.base_url,
        on_refused=partial(message_refused, services),
    )
    seals = AuditSeals(store, clock, sealer, audit_seals_file(settings))
    return Parts(
        services, SessionChecks(store, clock, policy.sessions), deliverer, database, hasher, outside, seals, shop_teller(services, outside)
    )


def outside_of(settings: Settings, clock: Clock) -> "Outside | None":
    """Who asks others over HTTP; ``None`` where no setting names anybody to ask."""
    if not (settings.storage.breached_range_url or settings.sms.sms != "none" or settings.social.any or settings.shop.shop_webhook):
        return None
    from sparekey.adapters.outside import Outside  # noqa: PLC0415 - 0.1 s of a start that most sites need not wait for

    return Outside(settings, clock, settings.base_url + RECEIPTS)


def shop_teller(services: Services, outside: "Outside | None") -> ShopTeller | None:
    """Who tells the shop of changes; ``None`` where no shop is to be told."""
    webhook = outside.shop_webhook() if outside else None
    return ShopTeller(services.store, services.clock, services.chance, webhook) if webhook else None


def texts(settings: Settings) -> bool:
    """Whether texts go out: through a provider, or to the phone of development."""
    return settings.sms.sms != "none" or settings.development


def deliveries(settings: Settings, clock: Clock, outside: "Outside | None") -> dict[AddressKind, Sequence[Delivery]]:
    """The ways out of each channel, in the order in which they are tried. In development all end in the built-in mailbox and phone."""
    host = urlsplit(settings.base_url).hostname or ""
    if settings.development and not settings.mail.smtp:
        mail: Sequence[Delivery] = [dev_mailbox(settings, clock)]
    else:
        mail = [
            SmtpDelivery(
                url,
                mail_from=settings.mail.mail_from,
                sender_name=settings.site.name,
                host=host,
                clock=clock,
                ca_file=settings.mail.smtp_ca_file,
                insecure_plain=settings.mail.insecure_smtp_plain,
            )
            for url in (settings.mail.smtp, settings.mail.smtp_second)
            if url
        ]
    sms = outside.texts() if outside else []
    if settings.development and not sms:
        sms = [dev_phone(settings, clock)]
    return {AddressKind.EMAIL: mail, AddressKind.PHONE: sms}


def dev_mailbox(settings: Settings, clock: Clock) -> DevMailbox:
    host = urlsplit(settings.base_url).hostname or ""
    return DevMailbox(settings.data_dir, mail_from=settings.mail.mail_from, sender_name=settings.site.name, host=host, clock=clock)


def dev_phone(settings: Settings, clock: Clock) -> DevPhone:
    return DevPhone(settings.data_dir, clock=clock)


def app() -> ASGIApp:
    """The whole server as one ASGI application, with the settings of the environment. Every worker process calls it once."""
    configure_log()
    settings = read_settings(os.environ)
    proxies = [p.strip() for p in settings.server.trusted_proxies.split(",") if p.strip()]
    served: ASGIApp = build_app(settings)
    return wrap_asgi_with_proxy_headers(served, trusted_hosts=proxies) if proxies else served


def build_app(settings: Settings, parts: Parts | None = None) -> Application:
    """The application of one process; ``parts``: those it is made of, where not the usual ones."""
    parts = parts or build(settings)
    wake = asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await parts.open()
        gc.freeze()  # what is there from the start stays; looking through it at each collection costs milliseconds
        stop = asyncio.Event()
        tasks = [asyncio.create_task(keep_house(parts.services, parts.checks, parts.seals, stop))]
        if settings.server.worker == "inside":
            tasks.append(asyncio.create_task(run(parts.deliverer, stop, wake)))
            if parts.shop is not None:
                tasks.append(asyncio.create_task(run(parts.shop, stop, asyncio.Event())))
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            await parts.close()

    clock = parts.services.clock
    door = Door(
        services=parts.services,
        checks=parts.checks,
        cookies=Cookies(settings.secure),
        origin=settings.base_url,
        hosts=hosts(settings),
        development=settings.development,
        mailbox=dev_mailbox(settings, clock) if settings.development else None,
        phone=dev_phone(settings, clock) if settings.development else None,
        wake=wake.set,
        receipts=parts.outside.receipts() if parts.outside else None,
    )
    return make_app(door, lifespan)


def configure_log() -> None:
    """JSON lines on standard error. No tracebacks with local values: they would show passwords and keys."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: msgspec.json.encode(event, enc_hook=str).decode()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def hosts(settings: Settings) -> frozenset[str]:
    """The Host headers that are ours: that of the base URL, and in development the loopback names."""
    names = {urlsplit(settings.base_url).netloc.lower()}
    if settings.development:
        names |= {f"{name}:{settings.server.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(names)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The worker by itself (``sparekey worker``), for sites whose servers do not deliver."""
    parts = build(settings)
    await parts.open()
    try:
        telling = [run(parts.shop, stop, asyncio.Event())] if parts.shop is not None else []
        keeping = keep_house(parts.services, parts.checks, parts.seals, stop)
        await asyncio.gather(run(parts.deliverer, stop, asyncio.Event()), *telling, keeping)
    finally:
        await parts.close()


def bring_schema_up(settings: Settings) -> bool:
    """Bring the database to the newest schema; answers whether there was anything to do.

    SQLAlchemy and Alembic are imported in a process of their own, and only when needed: they cost a start 0.3 s and 30 MB.
    """
    if asyncio.run(read_version(database_of(settings))) == HEAD:
        return False
    done = subprocess.run(
        [sys.executable, "-m", "sparekey.adapters.sql.migrate"],
        input=database_url(settings),  # not an argument: it may hold a password, and arguments are seen by everyone
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BadSettings(f"the database could not be brought to the newest schema: {last[0]}")
    return True
