// better-auth with email and password; no rate limits, mail thrown away.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
const req = createRequire(path.join(process.env.BENCH_MODULES, "package.json"));
// Resolved from the folder where the peers are installed, under the condition "import".
export const from = (m) => import(import.meta.resolve(m, pathToFileURL(path.join(process.env.BENCH_MODULES, "x.mjs")).href));
export async function make() {
  const { betterAuth } = await from("better-auth");
  let database;
  if (process.env.BENCH_DB === "pg") {
    const { Pool } = req("pg");
    database = new Pool({ connectionString: process.env.BENCH_NAME, max: Number(process.env.BENCH_POOL || 10) });
  } else {
    const Database = req("better-sqlite3");
    database = new Database(process.env.BENCH_NAME);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma("busy_timeout = 20000");
  }
  const { hash, verify } = req("@node-rs/argon2");
  const cost = { memoryCost: 19456, timeCost: 2, parallelism: 1 };
  const password = { hash: (p) => hash(p, cost), verify: ({ hash: h, password: p }) => verify(h, p, cost) };
  const options = {
    database,
    secret: "bench-only-9f3kd83hdkw93hd8w3hd93h2d98h3d92h3d9h23d",
    baseURL: `http://127.0.0.1:${process.env.PORT}`,
    logger: { level: "error" },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    advanced: { disableCSRFCheck: false },
    emailAndPassword: { enabled: true, sendResetPassword: async () => {}, password },
  };
  return { auth: betterAuth(options), options, database };
}
