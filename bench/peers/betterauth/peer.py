"""better-auth on Node's http, with @node-rs/argon2. One process on SQLite, where two fail with SQLITE_BUSY; two on PostgreSQL."""

from pathlib import Path

from bench import hashes
from bench.databases import Place
from bench.load import Request
from bench.machine import FOLDER, Command, Server, free_port, run
from bench.peers.peer import email, signed_in

HERE = Path(__file__).resolve().parent
MODULES = FOLDER / "betterauth"
NODE = ("node", "--experimental-import-meta-resolve", "--no-warnings")
API = "/api/auth"


class BetterAuth:
    name = "better-auth"

    def is_installed(self) -> bool:
        return (MODULES / "node_modules" / "better-auth").exists()

    def load(self, place: Place, count: int) -> None:
        run(*NODE, "prepare.mjs", cwd=HERE, env=self._env(place, 0))
        place.keep_hashes(hashes.plain())
        postgres = place.kind == "postgres"
        true = "true" if postgres else "1"
        now = "now()" if postgres else "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        later = "now() + interval '7 days'" if postgres else "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+7 days')"
        numbers = place.series(count)
        user = "'user000000000000000000000' || g.i"
        place.run(
            [
                f"""insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
                    select {user}, 'U', 'u' || g.i || '@example.com', {true}, {now}, {now} from {numbers}""",
                f"""insert into account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
                    select 'acct000000000000000000000' || g.i, {user}, 'credential', {user}, b.h, {now}, {now}
                    from {numbers} join bench_hash b on b.i = g.i % {hashes.DISTINCT}""",
                f"""insert into session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
                    select 'sess000000000000000000000' || g.i, {later}, 'bulktoken00000000000000000' || g.i, {now}, {now}, '', '', {user}
                    from {numbers}""",
            ]
        )

    def command(self, place: Place) -> Command:
        port = free_port()
        env = {**self._env(place, port), "BENCH_WORKERS": "2" if place.kind == "postgres" else "1"}
        return Command([*NODE, "server.mjs"], env, f"{API}/ok", port, HERE)

    def checks(self, server: Server, count: int) -> list[Request]:
        answers = signed_in(server, [self.sign_in(i) for i in range(32)])
        return [Request("GET", f"{API}/get-session", {"Cookie": a.cookies()}) for a in answers]

    def sign_in(self, i: int) -> Request:
        return Request("POST", f"{API}/sign-in/email", {}, {"email": email(i), "password": hashes.PASSWORD})

    def reset(self, address: str) -> Request:
        return Request("POST", f"{API}/request-password-reset", {}, {"email": address, "redirectTo": "/reset"})

    def _env(self, place: Place, port: int) -> dict[str, str]:
        return {
            "PORT": str(port),
            "NODE_ENV": "production",
            "BENCH_MODULES": str(MODULES),
            "BENCH_DB": "pg" if place.kind == "postgres" else "sqlite",
            "BENCH_NAME": place.cluster.url(place.name) if place.kind == "postgres" else str(place.file),
        }
