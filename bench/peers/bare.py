"""The bare stack as one more server of the comparison; it reads the rows of ours."""

from bench.databases import Place
from bench.load import Request
from bench.machine import BIN, FOLDER, Command, Server, free_port
from bench.peers.ours.peer import Ours


class Bare:
    name = "bare stack"

    def is_installed(self) -> bool:
        return True

    def load(self, place: Place, count: int) -> None:
        """Nothing: it looks at what ours has loaded."""

    def command(self, place: Place) -> Command:
        port = free_port()
        where = (
            {"BARE_POSTGRES": place.cluster.url(place.name)}
            if place.kind == "postgres"
            else {"BARE_SQLITE": str(FOLDER / "data" / f"{place.name}-sqlite" / "sparekey.db")}
        )
        argv = [BIN / "granian", "bench.bare.app:app", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        return Command([*argv, "--http", "1", "--loop", "uvloop", "--no-access-log", "--log-level", "error"], where, "/up", port)

    def checks(self, server: Server, count: int) -> list[Request]:
        return Ours().checks(server, count)
