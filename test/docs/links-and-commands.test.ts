/** Links lead somewhere, and every command that a page names exists with the options it is given. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { commandTable } from "../../packages/cli/src/command-table.ts";
import { docsFolder, readDoc } from "./read-doc.ts";

const repo = fileURLToPath(new URL("../../", import.meta.url));
const pages = [
  ...readdirSync(docsFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(docsFolder, name)),
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/pos-pipeline/README.md"].map((name) =>
    join(repo, name),
  ),
];

for (const page of pages) {
  const name = relative(repo, page);
  const text = readFileSync(page, "utf8");

  test(`the links of ${name} lead somewhere`, () => {
    const links = [...withoutCode(text).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const broken = links.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const file = path === "" ? page : resolve(dirname(page), path);
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, "utf8")).has(anchor));
    });
    assert.deepEqual(broken, []);
  });

  test(`the commands of ${name} exist, with their options`, () => {
    assert.deepEqual(commandsIn(text).flatMap(mistakesIn), []);
  });
}

test("each folder of docs has a page that nothing of it is missing from", () => {
  const index = readDoc("adr/README.md");
  const decisions = readdirSync(join(docsFolder, "adr")).filter((name) => name !== "README.md");
  assert.deepEqual(
    decisions.filter((name) => !index.includes(`(${name})`)),
    [],
  );
  const readme = readFileSync(join(repo, "README.md"), "utf8");
  const rest = ["guide", "reference"].flatMap((folder) =>
    readdirSync(join(docsFolder, folder)).map((name) => `docs/${folder}/${name}`),
  );
  assert.deepEqual(
    rest.filter((path) => !readme.includes(`(${path})`)),
    [],
  );
});

/** Where code is set apart, `iroko …` is a command; elsewhere it is a name. */
function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, code = ""]) => code.split("\n"));
  const inline = [...withoutCode(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  const statements = [...blocks, ...inline].flatMap((line) => line.replace(/\s#.*$/, "").split(/ && | \| |; /));
  return statements.flatMap((statement) => {
    const command = /^(?:sudo -u \w+ |npx )?iroko ([a-z].*)$/.exec(statement.trim())?.[1];
    return command === undefined ? [] : [command];
  });
}

function mistakesIn(command: string): readonly string[] {
  const [word = "", subword = ""] = command.split(/\s+/);
  const entry = commandTable.find(({ name }) => name === word || name === `${word} ${subword}`);
  const isGroup = commandTable.some(({ name }) => name.startsWith(`${word} `));
  if (entry === undefined) return isGroup && subword === "" ? [] : [`iroko ${command}`];
  const page = readDoc("reference/cli.md");
  const help = page.slice(page.indexOf(`## iroko ${entry.name}\n`)).split("\n## ")[0] ?? "";
  const options = [...command.matchAll(/\s(--[a-z][a-z-]*)/g)].map(([, option = ""]) => option);
  return options.filter((option) => !help.includes(`${option} `)).map((option) => `iroko ${entry.name} ${option}`);
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, "");
}

/** As GitHub makes them from headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
