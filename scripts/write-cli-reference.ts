/**
 * Writes docs/reference/cli.md anew from the commands' own help: `npm run docs:cli`. A test compares the two.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandTable } from "../packages/cli/src/command-table.ts";

export const cliPage: string = fileURLToPath(new URL("../docs/reference/cli.md", import.meta.url));

const iroko = fileURLToPath(new URL("../packages/cli/bin/iroko.js", import.meta.url));
const here = "<!-- From here on: npm run docs:cli -->";

/** The page as it should be: its own introduction, then what each command says of itself. */
export async function cliReference(): Promise<string> {
  const [introduction = ""] = readFileSync(cliPage, "utf8").split(here);
  const sections: string[] = [];
  for (const { name } of commandTable) {
    sections.push(`## iroko ${name}\n\n\`\`\`text\n${(await helpOf(name)).trimEnd()}\n\`\`\`\n`);
  }
  return `${introduction}${here}\n\n${sections.join("\n")}`;
}

/** As printed where no terminal says how wide it is: 80 columns. */
async function helpOf(command: string): Promise<string> {
  const child = spawn(process.execPath, [iroko, ...command.split(" "), "--help"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", COLUMNS: undefined, NODE_TEST_CONTEXT: undefined },
  });
  let help = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (help += text));
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`iroko ${command} --help ended with ${child.exitCode}`);
  return help;
}

if (import.meta.main) writeFileSync(cliPage, await cliReference());
