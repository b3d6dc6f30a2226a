/** What an instance says of itself, read as any client of its Postgres would: what it says, it has acknowledged. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { home } from "./project.ts";

export interface Version {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly objectKey: string;
  readonly sha256: string;
}

export interface Pointer extends Version {
  readonly publishedVersion: number | null;
}

export interface InstanceState {
  readonly pointers: readonly Pointer[];
  /** By id. */
  readonly runs: Readonly<Record<string, string>>;
  /** Those that have ended, by id. */
  readonly steps: Readonly<Record<string, string>>;
}

export const nothingYet: InstanceState = { pointers: [], runs: {}, steps: {} };

export interface InstanceClient extends AsyncDisposable {
  state(): Promise<InstanceState>;
  /** All versions that can be read again. */
  versions(): Promise<readonly Version[]>;
  /** Whether a step has been claimed since. */
  hasClaimedSince(moment: Temporal.Instant): Promise<boolean>;
}

/** @returns undefined while nobody answers, or the schema is not there yet */
export async function connect(projectFolder: string): Promise<InstanceClient | undefined> {
  const client = await open(projectFolder).catch(() => undefined);
  if (client === undefined) return undefined;
  client.on("error", () => {});
  const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    (await client.query(sql, values)).rows as Row[];
  const ready = await rows("select from iroko.asset_partition, iroko.run, iroko.step_output limit 1").catch(
    () => undefined,
  );
  if (ready === undefined) {
    await client.end().catch(() => {});
    return undefined;
  }
  return {
    async state() {
      // In one statement: a state of one moment.
      const [row] = await rows<{ pointers: Pointer[]; runs: Record<string, string>; steps: Record<string, string> }>(
        `select (select coalesce(json_agg(json_build_object('asset', asset, 'partition', partition, 'version', version,
                   'objectKey', object_key, 'sha256', sha256, 'publishedVersion', published_version)), '[]')
                   from iroko.asset_partition where version is not null) as pointers,
                (select coalesce(json_object_agg(id, status), '{}') from iroko.run) as runs,
                (select coalesce(json_object_agg(id, status), '{}') from iroko.step where ended_at is not null) as steps`,
      );
      return row ?? nothingYet;
    },
    versions: () =>
      rows(
        `select asset, partition, version::integer, object_key as "objectKey", sha256
           from iroko.step_output where version is not null`,
      ),
    async hasClaimedSince(moment) {
      return (await rows("select from iroko.step where started_at > $1 limit 1", [moment.toString()])).length > 0;
    },
    [Symbol.asyncDispose]: () => client.end().catch(() => {}),
  };
}

async function open(projectFolder: string): Promise<pg.Client> {
  const { port, password } = JSON.parse(readFileSync(join(projectFolder, home, "postgres.json"), "utf8")) as {
    readonly port: number;
    readonly password: string;
  };
  const client = new pg.Client({
    connectionString: `postgres://iroko:${password}@127.0.0.1:${port}/postgres`,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
  });
  await client.connect();
  return client;
}

export const isOver = (status: string): boolean => ["succeeded", "failed", "canceled"].includes(status);
