import { api } from "@iroko/core/client";
import { readLogs } from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import type { Instance } from "../model/instance.ts";
import { findRun } from "../model/run-view.ts";

export function logsApi(answer: Answer, { db }: Instance): void {
  const { logs } = api.runs;
  answer(logs, async (input) => {
    const { step, attempt, stream } = input;
    const run = await findRun(db, input.id);
    return pageOf(logs, input, {
      read({ limit, after }) {
        const [afterStep = -1, afterAttempt = -1, afterSeq = -1] = after?.split(".").map(Number) ?? [];
        return readLogs(db, run.id, {
          limit,
          after: [afterStep, afterAttempt, afterSeq],
          ...(step === undefined ? {} : { n: step }),
          ...(attempt === undefined ? {} : { attempt }),
          ...(stream === undefined ? {} : { stream }),
        });
      },
      cursor: cursorOf,
      item: (chunk) => ({
        step: chunk.n,
        attempt: chunk.attempt,
        seq: chunk.seq,
        stream: chunk.stream,
        at: chunk.at,
        body: chunk.body,
        cursor: cursorOf(chunk),
      }),
    });
  });
}

const cursorOf = ({ step, attempt, seq }: Readonly<Record<"step" | "attempt" | "seq", number>>): string =>
  `${step}.${attempt}.${seq}`;
