"""django-allauth, headless, on granian (WSGI, two workers of one thread: the fastest of the three servers that were tried)."""

import json
from pathlib import Path

from bench import hashes
from bench.databases import Place
from bench.load import Request
from bench.machine import FOLDER, Command, Server, free_port, run
from bench.peers.peer import email, signed_in

HERE = Path(__file__).resolve().parent
BIN = FOLDER / "v-allauth" / "bin"
API = "/_allauth/app/v1"


class Allauth:
    name = "allauth"

    def is_installed(self) -> bool:
        return (BIN / "granian").exists()

    def load(self, place: Place, count: int) -> None:
        run(BIN / "python", "-m", "django", "migrate", "-v0", cwd=HERE, env=self._env(place))
        place.keep_hashes([f"argon2{h}" for h in hashes.plain()])
        true, false, now = ("true", "false", "now()") if place.kind == "postgres" else ("1", "0", "datetime('now')")
        statements = [
            f"""insert into auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
                select g.i + 1, h, {false}, 'u' || g.i, '', '', 'u' || g.i || '@example.com', {false}, {true}, {now}
                from {place.series(count)} join bench_hash b on b.i = g.i % {hashes.DISTINCT}""",
            f'insert into account_emailaddress (email, verified, "primary", user_id) select email, {true}, {true}, id from auth_user',
        ]
        if place.kind == "postgres":
            statements.append("select setval(pg_get_serial_sequence('auth_user', 'id'), (select max(id) from auth_user))")
        place.run(statements)

    def command(self, place: Place) -> Command:
        port = free_port()
        argv = [BIN / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
        options = ["--blocking-threads", "1", "--no-access-log", "--log-level", "error", "--backpressure", "1024", "bench_wsgi:application"]
        return Command([*argv, *options], self._env(place), f"{API}/config", port, HERE)

    def checks(self, server: Server, count: int) -> list[Request]:
        answers = signed_in(server, [self.sign_in(i) for i in range(32)])
        return [Request("GET", f"{API}/auth/session", {"X-Session-Token": json.loads(a.body)["meta"]["session_token"]}) for a in answers]

    def sign_in(self, i: int) -> Request:
        return Request("POST", f"{API}/auth/login", {}, {"email": email(i), "password": hashes.PASSWORD})

    def reset(self, address: str) -> Request:
        return Request("POST", f"{API}/auth/password/request", {}, {"email": address})

    def _env(self, place: Place) -> dict[str, str]:
        return {
            "BENCH_DB": "pg" if place.kind == "postgres" else "sqlite",
            "BENCH_NAME": place.name if place.kind == "postgres" else str(place.file),
            "BENCH_PG_PORT": str(place.cluster.port),
            "PYTHONPATH": str(HERE),
            "DJANGO_SETTINGS_MODULE": "bench_settings",
        }
