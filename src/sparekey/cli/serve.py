"""``sparekey serve``, ``worker`` and ``migrate``."""

import asyncio
import os
import signal
import socket
import sys

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from sparekey.bootstrap import bring_schema_up, configure_log, key_ring, prepare_data_dir, work
from sparekey.domain.errors import BadSettings
from sparekey.settings import Settings, read_settings


def serve() -> None:
    """Start the server: pages, API and (unless it runs apart) the worker that delivers messages."""
    settings = read_settings(os.environ)
    _check_port(settings)
    _prepare(settings)
    _say_where(settings)
    Server(
        "sparekey.bootstrap:app",
        factory=True,
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        workers=settings.server.workers,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


def worker() -> None:
    """Deliver messages, apart from the server (with SPAREKEY_WORKER=apart there)."""
    settings = read_settings(os.environ)
    _prepare(settings)
    configure_log()
    asyncio.run(_work(settings))


def migrate() -> None:
    """Bring the database to the newest schema. ``serve`` does it by itself at start."""
    settings = read_settings(os.environ)
    _prepare(settings, say_nothing_to_do=True)


def _prepare(settings: Settings, *, say_nothing_to_do: bool = False) -> None:
    prepare_data_dir(settings)
    key_ring(settings)
    if bring_schema_up(settings):
        print("sparekey: the database is at the newest schema now")
    elif say_nothing_to_do:
        print("sparekey: the database was at the newest schema already")


def _check_port(settings: Settings) -> None:
    """One clear line instead of a trace when the port is taken."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            raise BadSettings(f"cannot listen on {host}:{port}: {e.strerror} (choose another with SPAREKEY_PORT)") from None


def _say_where(settings: Settings) -> None:
    print(f"Sparekey is at       {settings.base_url}/")
    if settings.development:
        print(f"Its mailbox is at    {settings.base_url}/dev/mail")
        print(f"Its phone is at      {settings.base_url}/dev/phone")
        print("This is development mode: do not use it for a real site (docs/operation.md).")
    sys.stdout.flush()


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await work(settings, stop)
