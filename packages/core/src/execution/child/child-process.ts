/** The process in which user code runs: it loads the definitions once, then runs one step at a time. */
// oxlint-disable-next-line import/no-unassigned-import -- it provides a global
import "../../temporal.ts";
import { flushCompileCache } from "node:module";
import { snapshotOf } from "../../definitions/snapshot-of.ts";
import type { Definitions } from "../../definitions/model.ts";
import { toErrorRecord } from "./user-code.ts";
import type { FromChild, StepMessage, StepSpec, ToChild } from "../step-protocol.ts";
import { answerMapping } from "./answer-mapping.ts";
import { executeStep } from "./execute-step.ts";
import { loadDefinitions } from "./load-definitions.ts";
import { dieWithParent, watchParent } from "./parent-watch.ts";
import { endOfStep } from "./step-output.ts";

const [file, parent] = process.argv.slice(2) as [file: string, parent: string];

// User code may replace or close what it shares with us.
const processSend = process.send!.bind(process);
const { stdout, stderr } = process;
const write = { stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr) };
const send = (message: FromChild, sent?: () => void): void => void processSend(message, undefined, undefined, sent);
const exit = process.exit.bind(process);

const mostKept = 256;
const kept: StepMessage[] = [];
let running: { readonly controller: AbortController; readonly token: string } | undefined;

dieWithParent(Number(parent));
process.on("uncaughtException", giveUp);
// Ctrl-C and a service manager's stop reach the whole group: what becomes of the step is the parent's to say.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
const definitions = await load();
if (definitions) {
  process.on("message", (message: ToChild) => obey(message, definitions));
  watchParent(Number(parent));
  flushCompileCache(); // a child is mostly killed, and would write it at a proper end only
}

async function load(): Promise<Definitions | undefined> {
  // An await in the user's module that nothing can settle then ends the process, where the channel would keep it waiting.
  process.channel?.unref();
  try {
    const loaded = await loadDefinitions(file);
    send({ type: "ready", snapshot: snapshotOf(loaded) });
    process.channel?.ref();
    return loaded;
  } catch (thrown) {
    send({ type: "broken", error: toErrorRecord(thrown, "The definitions") }, () => exit(1));
    return undefined;
  }
}

function obey(message: ToChild, loaded: Definitions): void {
  if (message.type === "run") void run(loaded, message.spec, message.token);
  else if (message.type === "map") answerMapping(loaded, message.mapping, message.set, send);
  else running?.controller.abort();
}

async function run(loaded: Definitions, spec: StepSpec, token: string): Promise<void> {
  const controller = new AbortController();
  running = { controller, token };
  try {
    await executeStep(loaded, spec, tell, controller.signal);
    end({ type: "done", rssBytes: process.memoryUsage.rss() });
  } catch (thrown) {
    const rssBytes = process.memoryUsage.rss();
    end(
      controller.signal.aborted
        ? { type: "canceled", rssBytes }
        : { type: "failed", error: toErrorRecord(thrown), rssBytes },
    );
  }
}

/** An output that stores nothing waits for others: of many partitions, their messages would cost more than making them. */
function tell(message: StepMessage): void {
  kept.push(message);
  const canWait = message.type === "built" && message.output.file === undefined;
  if (!canWait || kept.length >= mostKept) tellKept();
  else if (kept.length === 1) setImmediate(tellKept);
}

function tellKept(): void {
  const messages = kept.splice(0);
  if (messages.length > 1) send({ type: "told", messages });
  else if (messages[0]) send(messages[0]);
}

/** The step's last word. Whatever was printed before it is on its way, and the markers behind that. */
function end(message: FromChild, sent?: () => void): void {
  if (!running) return;
  tellKept();
  const marker = endOfStep(running.token);
  running = undefined;
  if (!stdout.writableEnded) write.stdout(marker);
  if (!stderr.writableEnded) write.stderr(marker);
  send(message, sent);
}

/** An error that nobody awaited: nobody knows what it left behind, so the process ends with the step. */
function giveUp(thrown: unknown): void {
  const error = toErrorRecord(thrown, "Code that the step did not wait for");
  if (running) return end({ type: "failed", error, rssBytes: process.memoryUsage.rss(), exiting: true }, () => exit(1));
  write.stderr(`${error.message}\n${error.stack ?? ""}\n`, () => exit(1));
}
