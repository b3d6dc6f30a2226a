/**
 * Steps' output on its way into the `log` table: in chunks, a few a second, bounded per attempt. The parent of the
 * process that printed holds it, so that what was printed before a SIGKILL is kept.
 */
import type { Database } from "../instance/database.ts";
import { appendLogs, type LogChunk, type LogStream } from "../instance/logs.ts";

const flushEveryMs = 250;
const chunkCharacters = 64 * 1024;
/** More than this of one attempt is cut, with a line that says so. */
const attemptCharacters = 8 * 1024 * 1024;

export interface LogWriter {
  open(step: number, attempt: number): AttemptLog;
  close(): Promise<void>;
}

export interface AttemptLog {
  write(stream: LogStream, text: string): void;
  /** Flushes what is left of this attempt. */
  close(): Promise<void>;
}

export function logWriter(db: Database): LogWriter {
  let pending: LogChunk[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (pending.length === 0) return writing;
    const chunks = pending;
    pending = [];
    // A log that cannot be written must not fail the step that prints it.
    writing = writing.then(() => appendLogs(db, chunks)).catch(() => {});
    return writing;
  };

  return {
    open(step, attempt) {
      let seq = 0;
      let written = 0;
      return {
        write(stream, text) {
          if (written > attemptCharacters) return;
          written += text.length;
          const kept =
            written > attemptCharacters
              ? `${text.slice(0, Math.max(0, attemptCharacters - written + text.length))}\n… cut: the log of this attempt is longer than ${attemptCharacters / 1024 / 1024} MiB\n`
              : text;
          const last = pending.at(-1);
          if (
            last?.step === step &&
            last.attempt === attempt &&
            last.stream === stream &&
            last.body.length + kept.length <= chunkCharacters
          ) {
            pending[pending.length - 1] = { ...last, body: last.body + kept };
          } else {
            pending.push({ step, attempt, seq, stream, body: kept });
            seq += 1;
          }
          timer ??= setTimeout(() => void flush(), flushEveryMs);
        },
        async close() {
          if (seq > 0) await flush();
        },
      };
    },
    close: flush,
  };
}
