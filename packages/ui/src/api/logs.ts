import { readLogs } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readQuery } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { findRun } from "../model/run-view.ts";

const number = z.coerce.number().int().min(0);
const query = z.strictObject({
  limit: limit(500, 5_000),
  step: number.optional(),
  attempt: number.optional(),
  stream: z.enum(["stdout", "stderr", "log"]).optional(),
  after: z
    .string()
    .regex(/^\d{1,15}\.\d{1,9}\.\d{1,9}$/)
    .optional(),
});

/** GET /runs/:id/logs: chunks in the order they came; `cursor` goes on as `after`, also after the last one there is. */
export function logsApi({ db }: Instance): Hono {
  return new Hono().get("/runs/:id/logs", async (c) => {
    const { limit, step, attempt, stream, after } = readQuery(c, query);
    const run = await findRun(db, c.req.param("id"));
    const [afterStep = -1, afterAttempt = -1, afterSeq = -1] = after?.split(".").map(Number) ?? [];
    const logs = await readLogs(db, run.id, {
      limit,
      after: [afterStep, afterAttempt, afterSeq],
      ...(step === undefined ? {} : { n: step }),
      ...(attempt === undefined ? {} : { attempt }),
      ...(stream === undefined ? {} : { stream }),
    });
    const last = logs.at(-1);
    return c.json({
      logs: logs.map(({ n, attempt, seq, stream, at, body }) => ({ step: n, attempt, seq, stream, at, body })),
      cursor: last === undefined ? (after ?? null) : `${last.step}.${last.attempt}.${last.seq}`,
    });
  });
}
