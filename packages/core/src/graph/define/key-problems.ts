import { problem, type DefinitionProblem } from "../../definitions/problem.ts";
import type { Collected } from "./collect.ts";

const longestKey = 200;

/** Keys that cannot be, keys given twice, and former keys that are not free. */
export function keyProblems({ assets, byKey, computes }: Collected): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const seen = new Map<string, string>();
  for (const { key } of assets) {
    const subject = `asset "${key}", key`;
    const mistake = mistakeInKey(key);
    if (mistake !== undefined) {
      problems.push(
        problem(
          "ASSET_KEY_INVALID",
          subject,
          `The key ${JSON.stringify(key)} ${mistake}.`,
          "Use letters, digits, _, - and ., in parts separated by /.",
        ),
      );
    }
    const twin = seen.get(key.toLowerCase());
    if (twin === undefined) seen.set(key.toLowerCase(), key);
    else if (twin === key)
      problems.push(problem("ASSET_DUPLICATE", subject, `Two assets have the key "${key}".`, "Rename one of them."));
    else
      problems.push(
        problem(
          "ASSET_DUPLICATE",
          subject,
          `The keys "${twin}" and "${key}" differ only in case.`,
          "Rename one of them: on some disks they are one file.",
        ),
      );
  }
  const renamed = new Set<string>();
  for (const { key, asset } of assets) {
    const { renamedFrom } = asset;
    if (renamedFrom === undefined) continue;
    const subject = `asset "${key}", renamedFrom`;
    if (byKey.has(renamedFrom))
      problems.push(
        problem("ASSET_RENAME", subject, `The asset "${renamedFrom}" is still defined.`, "Remove one of the two."),
      );
    else if (renamed.has(renamedFrom))
      problems.push(
        problem("ASSET_RENAME", subject, `Two assets are renamed from "${renamedFrom}".`, "Leave it to one of them."),
      );
    renamed.add(renamedFrom);
  }
  const names = new Set<string>();
  for (const { name, outputs } of computes) {
    if (Object.keys(outputs).length === 0)
      problems.push(
        problem(
          "ASSET_KEY_INVALID",
          `multi-asset "${name}", outputs`,
          "It has no output.",
          "Give it at least one, with output({ key, … }).",
        ),
      );
    // A plain asset's name is its key, whose twin is named above.
    else if (names.has(name) && outputs["self"]?.key !== name)
      problems.push(
        problem(
          "ASSET_DUPLICATE",
          `multi-asset "${name}", name`,
          `Two multi-assets have the name "${name}".`,
          "Rename one of them.",
        ),
      );
    names.add(name);
  }
  return problems;
}

/** The rest of a sentence that begins with the key. */
function mistakeInKey(key: string): string | undefined {
  if (key === "") return "is empty";
  if (key in Object.prototype) return "means something else in JavaScript";
  if (key.length > longestKey) return `has ${key.length} characters, more than ${longestKey}`;
  const odd = /[^A-Za-z0-9_\-./]/u.exec(key);
  if (odd !== null) return `holds ${JSON.stringify(odd[0])}`;
  const part = key.split("/").find((name) => !/^[A-Za-z0-9_]/.test(name));
  if (part === undefined) return undefined;
  return part === "" ? "has an empty part" : `has the part "${part}", which does not begin with a letter, a digit or _`;
}
