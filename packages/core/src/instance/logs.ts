import type { Queryable } from "./database.ts";

export type LogStream = "stdout" | "stderr" | "log";

export interface LogChunk {
  readonly step: number;
  readonly attempt: number;
  readonly seq: number;
  readonly stream: LogStream;
  readonly body: string;
}

export async function appendLogs(db: Queryable, chunks: readonly LogChunk[]): Promise<void> {
  if (chunks.length === 0) return;
  await db.query(
    `insert into iroko.log (step, attempt, seq, stream, body)
     select l.* from unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[]) as l (step, attempt, seq, stream, body)
      where exists (select from iroko.step where id = l.step)
     on conflict do nothing`,
    [
      chunks.map((chunk) => chunk.step),
      chunks.map((chunk) => chunk.attempt),
      chunks.map((chunk) => chunk.seq),
      chunks.map((chunk) => chunk.stream),
      // Postgres text cannot hold NUL.
      chunks.map((chunk) => chunk.body.replaceAll("\0", "�")),
    ],
  );
}

export interface LogRow extends LogChunk {
  readonly n: number;
  readonly at: Temporal.Instant;
}

/** A run's log in the order it came, a page after a cursor (step, attempt, seq). */
export async function readLogs(
  db: Queryable,
  run: string,
  page: {
    readonly n?: number;
    readonly attempt?: number;
    readonly stream?: LogStream;
    readonly after?: readonly [step: number, attempt: number, seq: number];
    readonly limit: number;
  },
): Promise<readonly LogRow[]> {
  const { rows } = await db.query<LogRow>(
    `select l.step, s.n, l.attempt, l.seq, l.stream, l.at, l.body from iroko.log l join iroko.step s on s.id = l.step
      where s.run = $1 and ($2::integer is null or s.n = $2) and ($3::integer is null or l.attempt = $3) and ($4::text is null or l.stream = $4)
        and (l.step, l.attempt, l.seq) > ($5, $6, $7)
      order by l.step, l.attempt, l.seq limit $8`,
    [run, page.n ?? null, page.attempt ?? null, page.stream ?? null, ...(page.after ?? [-1, -1, -1]), page.limit],
  );
  return rows;
}
