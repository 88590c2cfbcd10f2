"""oidc-provider's userinfo, two processes. It ships no PostgreSQL adapter, so a small one stands in ``server.mjs``."""

from pathlib import Path

from bench.databases import Place
from bench.load import Request
from bench.machine import FOLDER, Command, Server, free_port, run
from bench.peers.peer import signed_in

HERE = Path(__file__).resolve().parent
MODULES = FOLDER / "oidcp"
KEY = "console.log(JSON.stringify(require('crypto').generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey.export({format: 'jwk'})))"


class OidcProvider:
    name = "oidc-provider"

    def is_installed(self) -> bool:
        return (MODULES / "node_modules" / "oidc-provider").exists()

    def load(self, place: Place, count: int) -> None:
        place.run(
            [
                """create table oidc (model text, id text, payload jsonb not null, grant_id text, uid text, expires_at timestamptz,
                    primary key (model, id))""",
                "create index on oidc (grant_id)",
                "create index on oidc (uid)",
                "create table account (id text primary key, email text not null)",
                f"insert into account select g.i::text, 'u' || g.i || '@example.com' from {place.series(count)}",
            ]
        )

    def command(self, place: Place) -> Command:
        port = free_port()
        env = {
            "PORT": str(port),
            "NODE_ENV": "production",
            "BENCH_MODULES": str(MODULES),
            "BENCH_DB": "pg",
            "BENCH_NAME": place.cluster.url(place.name),
            "BENCH_JWK": run("node", "-e", KEY).strip(),
            "BENCH_WORKERS": "2",
        }
        return Command(["node", "--experimental-import-meta-resolve", "--no-warnings", "server.mjs"], env, "/ok", port, HERE)

    def checks(self, server: Server, count: int) -> list[Request]:
        tokens = signed_in(server, [Request("GET", f"/bench/token/{i}", {}) for i in range(32)])
        return [Request("GET", "/me", {"Authorization": f"Bearer {t.body.decode()}"}) for t in tokens]
