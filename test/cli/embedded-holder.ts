/** A process that opens the embedded PostgreSQL, says so in one JSON line, and closes it when its stdin ends. */
import { once } from "node:events";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";

const home = process.argv[2];
if (home === undefined) throw new Error("usage: embedded-holder.ts HOME");
const said: string[] = [];
const postgres = await openEmbeddedPostgres({ home, say: (line) => said.push(line) });
const { databaseUrl, dataDir, attached } = postgres;
console.log(JSON.stringify({ databaseUrl, dataDir, attached, said }));
process.stdin.resume();
await once(process.stdin, "end");
await postgres.close();
