"""Sparekey, started as a user starts it. Rows are made in bulk, in the form in which the server itself would have made them."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from bench import hashes
from bench.databases import Place
from bench.load import Request
from bench.machine import BIN, FOLDER, Command, Server, free_port, run
from bench.peers.peer import email
from sparekey.adapters.crypto.keys import KeyRing, read_keys_file
from sparekey.adapters.crypto.sealer import RingSealer
from sparekey.adapters.sql.connection import to_ms
from sparekey.adapters.sql.sessions import PURPOSE as NETWORK
from sparekey.domain.factors import FactorKind, Thing, ThingKind
from sparekey.domain.proofs import Proof
from sparekey.domain.sessions import LONGEST_SESSION
from sparekey.use_cases.tokens import token_hash

API = "/api/v1"
AT_ONCE = 20_000
TABLES = {
    "account": "account_id, name, language, created_at, password_hash, password_set_at, version, shred_key, user_name",
    "address": "address_id, account_id, kind, value, key, added_at, main, with_account, stolen",
    "session": "token_hash, session_id, account_id, device_id, created_at, seen_at, expires_at, proofs, user_agent, network",
}


class Ours:
    """``worker``: where messages are delivered. Apart, as with the peers, whose senders do nothing: here each message is still
    written durably, sealed, and then nobody fetches it."""

    name = "sparekey"

    def __init__(self, worker: str = "apart", processes: int = 1) -> None:
        self._worker = worker
        self._processes = processes

    def is_installed(self) -> bool:
        return True

    def load(self, place: Place, count: int) -> None:
        run(BIN / "sparekey", "migrate", env=self._env(place))
        ring = KeyRing(read_keys_file(_data(place) / "keys.json"))
        rows = _rows(hashes.peppered(ring), RingSealer(ring).seal(b"127.0.0.1", NETWORK), count)
        if place.kind == "sqlite":
            _into_sqlite(_data(place) / "sparekey.db", rows)
        else:
            asyncio.run(_into_postgres(place.cluster.url(place.name), rows))
            place.run([])

    def command(self, place: Place) -> Command:
        port = free_port()
        env = {**self._env(place), "SPAREKEY_PORT": str(port)}
        return Command([BIN / "sparekey", "serve"], env, "/health/ready", port)

    def checks(self, server: Server, count: int) -> list[Request]:
        return [self.check(i) for i in spread(32, count)]

    def check(self, i: int) -> Request:
        return Request("GET", f"{API}/session", {"Authorization": f"Bearer {token(i)}"})

    def sign_in(self, i: int) -> Request:
        return _start({"action": "sign_in", "identifier": email(i), "password": hashes.PASSWORD})

    def reset(self, address: str) -> Request:
        return _start({"action": "recover", "identifier": address})

    def _env(self, place: Place) -> dict[str, str]:
        return {
            "SPAREKEY_DATA": str(_data(place)),
            "SPAREKEY_DATABASE": place.cluster.url(place.name) if place.kind == "postgres" else "",
            "SPAREKEY_WORKER": self._worker,
            "SPAREKEY_WORKERS": str(self._processes),
            # As in the peers: what is measured is the work, not the refusal of it. The guess counters in the database stay.
            "SPAREKEY_INSECURE_NO_VOLUME_LIMITS": "true",
        }


def spread(some: int, count: int) -> list[int]:
    """``some`` accounts, evenly over all of them."""
    return [i * count // some for i in range(some)]


def token(i: int) -> str:
    """The secret of the session of account ``i``: as long as a real one, and known."""
    return hashlib.sha256(f"bench session {i}".encode()).hexdigest()[:43]


def _start(flow: dict[str, object]) -> Request:
    return Request("POST", f"{API}/flows", {}, {"flow": flow})


def _data(place: Place) -> Path:
    return FOLDER / "data" / f"{place.name}-{place.kind}"


def _rows(stored: list[str], network: bytes, count: int) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    """Rows of each table, some thousands at a time."""
    began = datetime.now(UTC) - timedelta(days=90)
    signed_in = datetime.now(UTC) - timedelta(hours=1)
    proof = Proof(FactorKind.PASSWORD, "password", Thing(ThingKind.MEMORY, "password"), signed_in)
    proofs = msgspec.json.encode((proof,))
    for first in range(0, count, AT_ONCE):
        made: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        for i in range(first, min(count, first + AT_ONCE)):
            at = to_ms(began) + i
            account, address, session, device = (f"{at:012x}{hashlib.md5(f'{use}{i}'.encode()).hexdigest()[:20]}" for use in "asdk")
            made["account"].append((account, "Bench", "en", at, stored[i % len(stored)], at, 1, account, ""))
            made["address"].append((address, account, "email", email(i), f"email:{email(i)}", at, 1, 1, 0))
            times = (to_ms(signed_in), to_ms(signed_in), to_ms(signed_in + LONGEST_SESSION))
            made["session"].append((token_hash(token(i)), session, account, device, *times, proofs, "Mozilla/5.0", network))
        yield made


def _into_sqlite(file: Path, rows: Iterator[dict[str, list[tuple[Any, ...]]]]) -> None:
    with sqlite3.connect(file) as connection:
        for some in rows:
            for table, values in some.items():
                columns = TABLES[table]
                connection.executemany(f"insert into {table} ({columns}) values ({', '.join('?' * len(values[0]))})", values)
        connection.execute("analyze")
    connection.close()


async def _into_postgres(url: str, rows: Iterator[dict[str, list[tuple[Any, ...]]]]) -> None:
    connection = await asyncpg.connect(url)
    for some in rows:
        for table, values in some.items():
            await connection.copy_records_to_table(table, records=values, columns=TABLES[table].split(", "))
    await connection.close()
