/** Starts the embedded PostgreSQL of a home with its fsync switched off, for the control, and leaves it running. */
import { openEmbeddedPostgres } from "../../../packages/cli/src/embedded/open-embedded-postgres.ts";

const home = process.argv[2];
if (home === undefined) throw new Error("usage: unsafe-postgres.ts HOME");
await openEmbeddedPostgres({ home, say: (line) => console.log(line), settings: { fsync: "off" } });
console.log("Postgres is ready");
setInterval(() => {}, 60_000);
