"""fastapi-users with tokens in the database, on uvicorn with two workers."""

import json
from pathlib import Path
from urllib.parse import urlencode

from bench import hashes
from bench.databases import Place
from bench.load import Request
from bench.machine import FOLDER, Command, Server, free_port, run
from bench.peers.peer import email, signed_in

HERE = Path(__file__).resolve().parent
BIN = FOLDER / "v-fastapiusers" / "bin"


class FastapiUsers:
    name = "fastapi-users"

    def is_installed(self) -> bool:
        return (BIN / "uvicorn").exists()

    def load(self, place: Place, count: int) -> None:
        run(BIN / "python", "create.py", cwd=HERE, env=self._env(place))
        place.keep_hashes(hashes.plain())
        true, false = ("true", "false") if place.kind == "postgres" else ("1", "0")
        uid = "md5('u' || g.i)::uuid" if place.kind == "postgres" else "printf('00000000-0000-4000-8000-%012x', g.i + 1)"
        place.run(
            [
                f"""insert into "user" (id, email, hashed_password, is_active, is_superuser, is_verified)
                    select {uid}, 'u' || g.i || '@example.com', b.h, {true}, {false}, {true}
                    from {place.series(count)} join bench_hash b on b.i = g.i % {hashes.DISTINCT}"""
            ]
        )

    def command(self, place: Place) -> Command:
        port = free_port()
        options = ["--workers", "2", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
        return Command(
            [BIN / "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port), *options], self._env(place), "/ok", port, HERE
        )

    def checks(self, server: Server, count: int) -> list[Request]:
        answers = signed_in(server, [self.sign_in(i) for i in range(32)])
        return [Request("GET", "/me/db", {"Authorization": f"Bearer {json.loads(a.body)['access_token']}"}) for a in answers]

    def sign_in(self, i: int) -> Request:
        return Request("POST", "/auth/db/login", {}, urlencode({"username": email(i), "password": hashes.PASSWORD}))

    def reset(self, address: str) -> Request:
        return Request("POST", "/auth/forgot-password", {}, {"email": address})

    def _env(self, place: Place) -> dict[str, str]:
        url = place.cluster.url(place.name, "postgresql+asyncpg") if place.kind == "postgres" else f"sqlite+aiosqlite:///{place.file}"
        return {"BENCH_NAME": url, "PYTHONPATH": str(HERE)}
