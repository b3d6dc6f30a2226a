/** What is asked before readers see an older version again: what they see then, what is kept, who is stale by it. */
import type { AssetVersion } from "@iroko/core/client";
import { count, counted } from "../../parts/amounts.ts";

const mostNamed = 5;

export function rollbackQuestion(
  name: string,
  current: number | undefined,
  { version, rows, madeAt }: Pick<AssetVersion, "version" | "rows" | "madeAt">,
  dependants: readonly string[],
): string {
  const of = rows === null ? "" : ` (${count(rows)} rows)`;
  const named = dependants.slice(0, mostNamed).join(", ");
  const others = dependants.length - mostNamed;
  const readers =
    dependants.length === 0
      ? "Nothing is made from it."
      : `What was made from it is stale then, until somebody or a schedule has it made again: ${named}${others > 0 ? ` and ${counted(others, "other")}` : ""}.`;
  return [
    `Readers of ${name} will see version ${version}${of}, made ${madeAt.slice(0, 16).replace("T", " ")} UTC, under a new number.`,
    current === undefined ? "" : `Version ${current}, which they see now, is kept as long as others are.`,
    readers,
    "Go back to it?",
  ]
    .filter((line) => line !== "")
    .join("\n\n");
}
