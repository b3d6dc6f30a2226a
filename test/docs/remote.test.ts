/** The table of commands in the guide is true: each command stands in it once, and goes over a server if the command says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { roles } from "@iroko/core/client";
import { commandTable } from "../../packages/cli/src/command-table.ts";
import { readDoc } from "./read-doc.ts";
import { rowsOf } from "./tables.ts";

test("the guide says of each command whether it goes over a server, and by which role", async () => {
  const told = rowsOf(readDoc("guide/remote.md"), "| command ").map(([command, here, there, role]) => ({
    command,
    there,
    isHere: here === "yes",
    hasRole: roles.some((each) => each === role),
  }));
  const wordOf = { answers: "yes", unasked: "needs no instance", none: "–" };
  const loaded = await Promise.all(commandTable.map(async ({ name, load }) => ({ name, ...(await load()).default })));
  assert.deepEqual(
    told,
    loaded.map(({ name, server }) => ({
      command: name,
      there: wordOf[server ?? "none"],
      isHere: name !== "users change-password",
      hasRole: server === "answers",
    })),
  );
});
