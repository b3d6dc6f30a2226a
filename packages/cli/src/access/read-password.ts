/** A password from a terminal that does not show it, or a line of stdin; never an argument, which others could read. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

export async function readPassword(name: string, terminal: Terminal): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ""] = (await text(process.stdin)).split(/\r?\n/, 1);
    if (line !== "") return line;
    throw new UsageError("There is no password on stdin.", `For example: iroko users set-password ${name} < a-file`);
  }
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const ask = async (what: string): Promise<string> => {
      process.stderr.write(what);
      const answer = await asking.question("");
      process.stderr.write("\n");
      return answer;
    };
    const password = await ask(`Password of ${name}: `);
    if (password === (await ask("Once more: "))) return password;
  } finally {
    asking.close();
  }
  terminal.say("Nothing was changed.");
  throw new UsageError("The two passwords differ.", "Try again.");
}
