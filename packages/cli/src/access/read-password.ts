/** Passwords from a terminal that does not show them, or lines of stdin; never an argument, which others could read. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

/** A user's new one. */
export async function readPassword(name: string, terminal: Terminal): Promise<string> {
  if (process.stdin.isTTY) return await asking((ask) => askTwice(ask, `Password of ${name}`, terminal));
  const [password = ""] = await linesOfStdin();
  if (password !== "") return password;
  throw new UsageError(
    "There is no password on stdin.",
    `For example: iroko users set-password ${name} < password.txt`,
  );
}

/** The one that somebody has, and the one to be. */
export async function readOwnPasswords(
  terminal: Terminal,
): Promise<{ readonly current: string; readonly password: string }> {
  if (process.stdin.isTTY) {
    return await asking(async (ask) => {
      const current = await ask("Your present password: ");
      return { current, password: await askTwice(ask, "Your new password", terminal) };
    });
  }
  const [current = "", password = ""] = await linesOfStdin();
  if (current !== "" && password !== "") return { current, password };
  throw new UsageError(
    "There are no two passwords on stdin.",
    "The first line is the present one, the second the new one.",
  );
}

async function linesOfStdin(): Promise<readonly string[]> {
  return (await text(process.stdin)).split(/\r?\n/);
}

type Ask = (what: string) => Promise<string>;

async function askTwice(ask: Ask, what: string, terminal: Terminal): Promise<string> {
  const password = await ask(`${what}: `);
  if (password === (await ask("Once more: "))) return password;
  terminal.say("Nothing was changed.");
  throw new UsageError("The two passwords differ.", "Try again.");
}

async function asking<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await work(async (what) => {
      process.stderr.write(what);
      const answer = await lines.question("");
      process.stderr.write("\n");
      return answer;
    });
  } finally {
    lines.close();
  }
}
