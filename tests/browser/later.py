"""A server whose clock can be moved forward, so that a test sees in a moment what a person sees in an hour.

Run: ``python -m tests.browser.later FILE``, with the settings of ``sparekey serve`` in the environment. The file holds the
seconds by which the clock is ahead.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server
from starlette.types import ASGIApp

from sparekey import bootstrap
from sparekey.settings import read_settings

AHEAD = "CLOCK_AHEAD_FILE"


class Ahead:
    """The machine's clock, and as many seconds more as stand in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        ahead = float(self._file.read_text()) if self._file.exists() else 0
        return datetime.now(UTC) + timedelta(seconds=ahead)


def app() -> ASGIApp:
    settings = read_settings(os.environ)
    return bootstrap.build_app(settings, bootstrap.build(settings, clock=Ahead(Path(os.environ[AHEAD]))))


def program(file: Path) -> tuple[str, ...]:
    """The command that starts such a server."""
    return (sys.executable, "-m", "tests.browser.later", str(file))


def main() -> None:
    os.environ[AHEAD] = sys.argv[1]
    server = read_settings(os.environ).server
    Server(
        "tests.browser.later:app",
        factory=True,
        address=server.host,
        port=server.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
