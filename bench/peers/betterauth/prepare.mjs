// Makes the schema.
import { make, from } from "./auth.mjs";
const { options } = await make();
const { getMigrations } = await from("better-auth/db/migration");
await (await getMigrations(options)).runMigrations();
process.exit(0);
