/**
 * The one boundary between our code and the user's. What comes out of theirs leaves as an `IrokoError`: errors thrown on
 * purpose as they are, all others as USER_CODE with the cause kept. A record of it holds the user's stack only.
 */
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { IrokoError, type ErrorPlace, type ErrorRecord } from "../../errors.ts";
import { toJson } from "./to-json.ts";

/** @param subject what of theirs is called: `asset "cleaned"` */
export async function inUserCode<T>(subject: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw fromUserCode(subject, thrown);
  }
}

export function fromUserCode(subject: string, thrown: unknown): IrokoError {
  if (isIrokoError(thrown)) return thrown;
  const at = placeOf(thrown);
  return new IrokoError("USER_CODE", `${subject} threw ${titleOf(thrown)}`, {
    place: { ...at, subject },
    details: { name: thrown instanceof Error ? thrown.name : typeof thrown },
    cause: thrown,
  });
}

/** Also of another copy of this package: the user's project may hold its own. */
export function isIrokoError(value: unknown): value is IrokoError {
  return value instanceof IrokoError || (value instanceof Error && value.name === "IrokoError" && "code" in value);
}

/** An error as it crosses to the parent. What is not ours yet is taken for the user's. */
export function toErrorRecord(thrown: unknown, subject = "The step's code"): ErrorRecord {
  const error = fromUserCode(subject, thrown);
  const stack = userStack(error.cause ?? error);
  const place = error.place ?? placeOf(error.cause ?? error);
  const { code, message, hint, details } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details: toJson(details) as Readonly<Record<string, unknown>> }),
    ...(place === undefined ? {} : { place }),
    ...(stack === undefined ? {} : { stack }),
  };
}

/** The error as Node prints it, with its causes, without the frames of Node and of Iroko; undefined where there is none. */
function userStack(thrown: unknown): string | undefined {
  const told: string[] = [];
  let current: unknown = thrown;
  for (let depth = 0; current !== undefined && depth < 5; depth++) {
    told.push((depth === 0 ? "" : "Caused by: ") + oneStack(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return told.join("\n");
}

/** `TypeError: x is not a function`. */
export function titleOf(thrown: unknown): string {
  return thrown instanceof Error
    ? `${thrown.name}: ${thrown.message}`
    : inspect(thrown, { depth: 1, breakLength: 100 });
}

/** The first place in the user's own files, not in a package they use. */
export function placeOf(thrown: unknown): ErrorPlace | undefined {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return undefined;
  const lines = thrown.stack.split("\n");
  // A file that cannot be parsed has no frame: Node writes its place above the message.
  const above = /^(file:\/\/\S+|\/\S+|[A-Za-z]:\\\S+?):(\d+)$/.exec(lines[0] ?? "");
  if (above) return { file: asPath(above[1]!), line: Number(above[2]) };
  for (const line of lines) {
    const frame = /^\s+at .*?\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]+):(\d+):(\d+)\)?$/.exec(line);
    if (!frame || !isUserFrame(line) || /[\\/]node_modules[\\/]/.test(line)) continue;
    return { file: asPath(frame[1]!), line: Number(frame[2]), column: Number(frame[3]) };
  }
  return undefined;
}

function oneStack(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return titleOf(thrown);
  return thrown.stack
    .split("\n")
    .filter((line) => !/^\s+at /.test(line) || isUserFrame(line))
    .map((line) => line.replaceAll("file://", ""))
    .join("\n");
}

/** packages/core in the repo, node_modules/@iroko/core for users: its neighbours are ours as well. */
const packages: string = new URL("../../../../", import.meta.url).pathname;
const ownFrame: RegExp = new RegExp(`${RegExp.escape(packages)}(core|assets|ui|cli)/(src|dist)/|/node_modules/@iroko/`);

function isUserFrame(line: string): boolean {
  return (
    !line.includes("node:") &&
    !/\(<anonymous>\)$|at <anonymous>$/.test(line) &&
    !ownFrame.test(line.replaceAll("\\", "/"))
  );
}

function asPath(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}
